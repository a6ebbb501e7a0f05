"""Answer HTTP requests with a model, on this machine alone, until Ctrl-C.

RUN is a run's id or its first characters, its name, a DVC experiment's name, models:/NAME@ALIAS, a
git revision such as HEAD, or workspace (the model in outputs/); else the champion, and without one
the model in outputs/. POST rows to /invocations as CSV, JSON or Parquet; /ping says that it lives.
"""

import click

from pipeline.commands.find import model_address
from pipeline.tracking.store.connection import tracking_uri

PORT, MEGABYTES = 5001, 128


@click.argument("meant", metavar="[RUN]", required=False)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="0: any that is free.",
)
@click.option(
    "--most-mb",
    type=click.IntRange(1, 4096),
    default=MEGABYTES,
    show_default=True,
    metavar="MB",
    help="The longest body that is read; a minute of OpenFace's CSV has 6 to 9.",
)
def run(meant: str | None = None, port: int = PORT, most_mb: int = MEGABYTES) -> None:
    """Load the model and serve it; raise `InputError` where there is none or the port is taken."""
    from pipeline.tracking import service

    place = service.listen(port)
    address = model_address(tracking_uri(), meant)
    model = service.load(address)
    at = "http://{}:{}".format(*place.getsockname())
    print(f"{address} answers at {at}/invocations; Ctrl-C ends it", flush=True)
    service.serve(model, place, most_mb * 1_000_000)
