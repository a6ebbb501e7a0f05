"""The service answers in JSON whatever comes, and what is wrong in one line without a trace."""

import asyncio
import json
import socket
from typing import Any

import pandas as pd
import pytest
from apart import in_a_thread

from pipeline.errors import InputError
from pipeline.tracking import service
from pipeline.tracking.store.serving import RefusedError

CSV, JSON = "text/csv", "application/json"
GONE = b"the client hangs up"
SOUND = "AU06_r,AU12_r\n1,2\n3,4\n"


class Metadata:
    """What MLflow's parser asks of a model."""

    def get_params_schema(self) -> None:
        return None


class Model:
    """Add the columns up, in the place of a logged model; or fail as it is told."""

    metadata = Metadata()

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    def predict(self, rows: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        if self.failure:
            raise self.failure
        return pd.DataFrame({"joy": rows["AU06_r"] + rows["AU12_r"]})


def ask(
    path: str, body: bytes, kind: str = CSV, method: str = "POST", most_bytes: int = 1000
) -> tuple[int, dict[str, Any] | None, int]:
    """Send a body, cut into pieces; give status, JSON and how many pieces were taken."""
    pieces = [body[i : i + 100] for i in range(0, len(body), 100)] or [b""]
    waiting, answered = list(pieces), []

    async def receive() -> dict[str, Any]:
        if (piece := waiting.pop(0)) == GONE:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    headers = [(b"content-type", kind.encode())] if kind else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    app = service.application(Model(), most_bytes)  # type: ignore[arg-type]
    in_a_thread(lambda: asyncio.run(app({**scope, "query_string": b""}, receive, send)))
    text = b"".join(part.get("body", b"") for part in answered)
    told = json.loads(text) if text.strip() else None
    return answered[0]["status"], told, len(pieces) - len(waiting)


def test_rows_are_answered_by_predictions() -> None:
    assert ask("/invocations", SOUND.encode())[:2] == (
        200,
        {"predictions": [{"joy": 3}, {"joy": 7}]},
    )
    split = {"columns": ["AU06_r", "AU12_r"], "data": [[1, 2]]}
    body = json.dumps({"dataframe_split": split}).encode()
    assert ask("/invocations", body, JSON)[1] == {"predictions": [{"joy": 3}]}
    assert ask("/ping", b"", method="GET")[:2] == (200, None)


def test_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    assert ask("/invocations", b"1" * 1000)[0] == 400
    status, told, taken = ask("/invocations", b"1" * 5000)
    assert (status, taken) == (413, 11)
    assert told == {"message": "body: over 1,000 bytes. Send fewer rows at once."}


def test_a_client_who_hangs_up_leaves_no_trace() -> None:
    assert ask("/invocations", b"1" * 100 + GONE)[:2] == (400, {"message": "body: cut off."})


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/nowhere", "POST", 404), ("/invocations", "GET", 405)]
)
def test_another_place_is_refused_in_json_as_well(path: str, method: str, status: int) -> None:
    found, told, _ = ask(path, b"", method=method)
    assert found == status
    assert told is not None
    assert set(told) == {"message"}


@pytest.mark.parametrize(
    ("kind", "body", "status", "begins"),
    [
        ("", SOUND, 415, "Content-Type is ''; allowed is one of text/csv, application/json, "),
        ("text/html", SOUND, 415, "Content-Type is 'text/html'; allowed is one of "),
        ("text/csv; charset=latin-1", SOUND, 415, "Content-Type is 'text/csv; charset=latin-1': "),
        (CSV, "", 400, "body: Failed to parse input as a Pandas DataFrame"),
        (CSV, 'a,b\n"1,2\n', 400, "body: Failed to parse input as a Pandas DataFrame"),
        (JSON, "{", 400, "body: no JSON (Expecting property name"),
        (JSON, "[" * 100_000, 400, "body: its JSON is nested too deep."),
        (JSON, "[1]", 400, "body: a JSON object with dataframe_split or dataframe_records"),
        (JSON, '{"dataframe_split": {"data": {"a": 1}}}', 400, "dataframe_split: columns, a list,"),
        (JSON, '{"dataframe_split": 1}', 400, "dataframe_split: columns, a list, and data"),
        (JSON, '{"rows": []}', 400, "body: The input must be a JSON dictionary with exactly one"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(
    kind: str, body: str, status: int, begins: str
) -> None:
    found, text = service.answer(Model(), kind, body.encode())  # type: ignore[arg-type]
    told = json.loads(text)["message"]
    assert found == status
    assert told.startswith(begins)
    assert "\n" not in told
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        (RefusedError("AU12_r: missing."), 400, "AU12_r: missing."),
        (ValueError("one\ntwo"), 400, "body: Encountered an unexpected error while evaluating"),
        (MemoryError(), 400, "body: Encountered an unexpected error while evaluating"),
    ],
)
def test_what_the_model_refuses_is_a_line_without_a_trace(
    failure: Exception, status: int, told: str
) -> None:
    found, text = service.answer(Model(failure), CSV, SOUND.encode())  # type: ignore[arg-type]
    assert found == status
    assert json.loads(text)["message"].startswith(told)
    assert "Traceback" not in text
    assert "test_service" not in text


def test_a_long_message_is_cut() -> None:
    model = Model(RefusedError("AU12_r: " + "x" * 1000))
    _, text = service.answer(model, CSV, SOUND.encode())  # type: ignore[arg-type]
    assert len(json.loads(text)["message"]) == service.LONGEST + 4


def test_a_port_is_of_this_machine_alone_and_taken_once() -> None:
    with service.listen(0) as place:
        host, port = place.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(InputError, match=rf"^port {port} of 127\.0\.0\.1: .* Name another\."):
            service.listen(port)
        with socket.create_connection((host, port), timeout=60):
            pass


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"strcit": True}, "params: strcit; allowed are decisions, strict"), ([1], "params: no obj")],
)
def test_a_param_that_is_not_known_is_refused_by_name(asked: Any, told: str) -> None:
    split = {"columns": ["AU06_r", "AU12_r"], "data": [[1, 2]]}
    body = json.dumps({"dataframe_split": split, "params": asked}).encode()
    status, message, _ = ask("/invocations", body, "Application/JSON")
    assert status == 400
    assert message["message"].startswith(told)
