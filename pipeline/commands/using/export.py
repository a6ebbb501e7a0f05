"""Write a model as ONNX, LiteRT and SavedModel, each checked against its network.

MODEL is champion, a run (its id, name or experiment, models:/NAME@ALIAS, a git revision,
workspace), or a .keras file; else the champion, and without one the model in outputs/. An export
takes action units as the extractor writes them and gives a probability an emotion. model.json
beside the files says names, order, ranges and thresholds; ONNX holds the same as metadata.
"""

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.errors import InputError
from pipeline.prediction.exporting.contract import CONTRACT, FILES
from pipeline.settings import params, paths

if TYPE_CHECKING:
    from pipeline.prediction.exporting.export import Exported

EXIT_CODES = """\b
exit codes:
  0  done: each file gives what the network gives
  1  error: one line on stderr says what to do, and no file was changed
  2  wrong usage
"""
NEEDS = {"onnx": ("onnx", "onnxruntime", "tf2onnx"), "litert": ("ai_edge_litert",)}


@click.argument("model", metavar="[MODEL]", required=False)
@click.option(
    *("-o", "--out", "out"),
    type=click.Path(file_okay=False, path_type=Path),
    default=paths.EXPORT,
    show_default=True,
    metavar="FOLDER",
    help="Where the files go; those of the same names are replaced.",
)
@click.option(
    *("--format", "formats"),
    type=click.Choice(list(FILES)),
    multiple=True,
    help="One of them; may be given several times. Else all.",
)
def run(model: str | None = None, out: Path = paths.EXPORT, formats: Sequence[str] = ()) -> None:
    """Write the files and print a table; raise `InputError` where one would be wrong."""
    from pipeline.commands.using.stored_models import find_model

    wanted = list(dict.fromkeys(formats)) or list(FILES)
    refuse_missing(wanted)
    with tempfile.TemporaryDirectory() as scratch:
        chosen = find_model(params.load(), model, Path(scratch))
        print(f"model: {chosen.name}", flush=True)
        network = chosen.load()
        from pipeline.prediction.exporting.export import export_model  # the converters

        exported = export_model(chosen, network, wanted, out)
    print(table(exported))
    if not chosen.thresholds:
        print("warning untuned: the model has no thresholds; model.json says 0.5 for all.")
    print(f"written: {out}, with {CONTRACT}, which says what goes in and comes out")


def refuse_missing(formats: Sequence[str]) -> None:
    """Raise `InputError` where packages that a format needs are not installed."""
    lacking = [name for one in formats for name in NEEDS.get(one, ()) if not find_spec(name)]
    if lacking:
        raise InputError(
            f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not installed; "
            f"{', '.join(one for one in formats if one in NEEDS)} cannot be written or checked "
            "without. `make export` installs what is missing and exports; `--format savedmodel` "
            "needs no more."
        )


def table(exported: Sequence["Exported"]) -> str:
    """Say of each file how large it is, how far from the network, and how fast."""
    from tabulate import tabulate

    rows = [
        (
            one.path.name,
            f"{one.size / 1000:,.0f} kB",
            f"{one.measured.difference:.1e}",
            f"{one.measured.milliseconds:.3f} ms",
        )
        for one in exported
    ]
    names = ("file", "size", "largest difference", "one row")
    return str(tabulate(rows, names, tablefmt="simple", colalign=("left", *["right"] * 3)))
