"""Answer HTTP requests with a logged model: MLflow's protocol, bounded, and never with a trace.

MLflow's own server answers text that is no CSV, and whatever its parser does not expect, with the
trace of its code, takes bodies of any size, and lets as many threads compete as Python allows.
"""

import asyncio
import json
import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.errors import InputError
from pipeline.tracking.store.connection import open_client
from pipeline.tracking.store.logged_model import OPTIONS
from pipeline.tracking.store.serving import SERVES, RefusedError

if TYPE_CHECKING:
    from mlflow.pyfunc import PyFuncModel

LOOPBACK = "127.0.0.1"
JSON = "application/json"
KINDS = ("text/csv", JSON, "application/vnd.apache.parquet")
REFUSED = RefusedError.__name__
LONGEST = 500  # characters of a message
_WAITING = 2048  # connections that wait to be taken

Answer = tuple[int, str]  # HTTP status and JSON


def listen(port: int) -> socket.socket:
    """Take a port of this machine, 0 for any; raise `InputError` where another has it."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((LOOPBACK, port))
    except OSError as error:
        made.close()
        raise InputError(f"port {port} of {LOOPBACK}: {error.strerror}. Name another.") from error
    made.listen(_WAITING)
    return made


def load(address: str) -> "PyFuncModel":
    """Load `models:/...` as one that answers in JSON."""
    open_client()  # points MLflow at the store
    import mlflow.pyfunc

    os.environ[SERVES] = "true"
    return mlflow.pyfunc.load_model(address)


def serve(model: "PyFuncModel", place: socket.socket, most_bytes: int) -> None:
    """Answer until a signal ends it."""
    import uvicorn

    how = uvicorn.Config(application(model, most_bytes), log_level="warning", access_log=False)
    with suppress(KeyboardInterrupt):  # which uvicorn raises once it has ended in order
        uvicorn.Server(how).run(sockets=[place])


def application(model: "PyFuncModel", most_bytes: int) -> Starlette:
    """Make the ASGI application; a body may hold so many bytes."""
    # A thread a core: more would only compete for Python's lock, and hold more rows at once.
    threads = ThreadPoolExecutor(os.cpu_count())

    async def invocations(request: Request) -> Response:
        body = await _body(request, most_bytes)
        work = partial(answer, model, request.headers.get("content-type", ""), body)
        status, text = await asyncio.get_running_loop().run_in_executor(threads, work)
        return Response(text, status, media_type="application/json")

    async def ping(_request: Request) -> Response:
        return Response("\n", media_type="application/json")

    return Starlette(
        routes=[
            Route("/invocations", invocations, methods=["POST"]),
            *(Route(path, ping) for path in ("/ping", "/health")),
        ],
        exception_handlers={HTTPException: _refused},
    )


async def _body(request: Request, most_bytes: int) -> bytes:
    """Read a body as it comes, and no more of it than is allowed."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most_bytes:
                told = f"body: over {most_bytes:,} bytes. Send fewer rows at once."
                raise HTTPException(413, told, {"Connection": "close"})
            parts.append(part)
    except ClientDisconnect:
        raise HTTPException(400, "body: cut off.") from None  # else a trace goes to the terminal
    return b"".join(parts)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # the one kind that it is registered for
    return JSONResponse(_told(error.detail), error.status_code, error.headers)


def answer(model: "PyFuncModel", kind: str, body: bytes) -> Answer:
    """Predict what a body holds; whatever is wrong with it is said in a line, by status 4xx."""
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc.scoring_server import invocations

    if (media := kind.partition(";")[0].strip().lower()) not in KINDS:
        return _refusal(415, f"Content-Type is {kind!r}; allowed is one of {', '.join(KINDS)}.")
    try:
        data = _json(body) if media == JSON else body
        found = invocations(data, kind.lower(), model, None)
    except InputError as error:
        return _refusal(400, str(error))
    except MlflowException as error:
        own = type(error).__name__ == REFUSED  # says the column first; its code came with the model
        told = error.message.rpartition("\nError: ")[2]  # MLflow sets the rows before it
        return _refusal(error.get_http_status_code(), told if own else f"body: {told}")
    except MemoryError:
        return _refusal(413, "body: there is no memory for it. Send fewer rows at once.")
    except Exception as error:  # of MLflow's parser: the model's own are MlflowExceptions
        logging.getLogger("mlflow").exception("a body that could not be read")
        return _refusal(400, f"body: cannot be read as {kind} ({type(error).__name__}: {error}).")
    if found.status >= 400:  # of its parameters; MLflow says so in plain text
        return _refusal(found.status, f"Content-Type is {kind!r}: {found.response}")
    return found.status, found.response


def _json(body: bytes) -> dict[str, Any]:
    """Read a body as a JSON object; raise `InputError` for anything else.

    MLflow would take a `dataframe_split` whose data is no list of rows for one without any.
    """
    try:
        given = json.loads(body)
    except RecursionError:
        raise InputError("body: its JSON is nested too deep.") from None
    except ValueError as error:
        raise InputError(f"body: no JSON ({error}).") from None
    if not isinstance(given, dict):
        raise InputError("body: a JSON object with dataframe_split or dataframe_records is needed.")
    asked = given.get("params") or {}
    if not isinstance(asked, dict) or (unknown := sorted(set(asked) - set(OPTIONS))):
        told = ", ".join(unknown) if isinstance(asked, dict) else "no object"
        raise InputError(f"params: {told}; allowed are {', '.join(OPTIONS)}, each true or false.")
    split = given.get("dataframe_split", {"data": []})
    if not (isinstance(split, dict) and isinstance(split.get("data"), list)):
        raise InputError("dataframe_split: columns, a list, and data, a list of rows, are needed.")
    return given


def _refusal(status: int, message: str) -> Answer:
    return status, json.dumps(_told(message))


def _told(message: str) -> dict[str, Any]:
    """Lay a message out, by its first line: what follows in MLflow's is the body, or a trace."""
    first = message.strip().partition("\n")[0]
    return {"message": first if len(first) <= LONGEST else f"{first[:LONGEST]} ..."}
