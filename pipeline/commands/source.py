"""Let a command read recordings from any path, as `prepare` would."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pyarrow.parquet as pq

from pipeline.data.reading.csv.header import read_header
from pipeline.data.reading.csv.text import UnreadableError
from pipeline.data.reading.extractors import PYFEAT, recognise
from pipeline.data.reading.folders import files_below
from pipeline.data.reading.layouts import PLANNERS
from pipeline.data.reading.table.parquet import BROKEN
from pipeline.errors import InputError
from pipeline.settings import params
from pipeline.settings.schema import Params


def source_arguments(run: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments that say what to read and how."""
    for add in (
        click.option("--naming", help="An entry of `naming` in params.yaml; else its data.naming."),
        click.option("--layout", type=click.Choice(list(PLANNERS)), help="Else it is guessed."),
        click.argument("path", type=click.Path()),
    ):
        run = add(run)
    return run


def settings_for(path: str, layout: str | None, naming: str | None) -> Params:
    """Give the parameters, with those of `data` that the arguments say.

    Raises `InputError` for a naming that params.yaml lacks.
    """
    settings = params.load()
    changed = {"path": path, "layout": layout or guess_layout(Path(path)), "naming": naming}
    data = settings.data.model_copy(update={k: v for k, v in changed.items() if v})
    if data.naming not in settings.naming:
        raise InputError(f"--naming is {data.naming}; allowed are {', '.join(settings.naming)}.")
    return settings.model_copy(update={"data": data})


def guess_layout(path: Path) -> str:
    """Tell the layout from the names of folders, files and columns.

    Raises `InputError` where nothing there looks like a table of action units.
    """
    if (path / "AUs").is_dir() and (path / "Valences").is_dir():
        return "expression"
    for file in sorted(files_below(path)) if path.exists() else []:
        try:
            names = _columns(file)
        except (UnreadableError, *BROKEN):
            continue
        if extractor := recognise(names):
            if "clip" in names:
                return "table"
            return "pyfeat" if extractor == PYFEAT else "openface"
    raise InputError(
        f"{path} holds no CSV or Parquet file with action units such as AU06_r or AU06. Name the "
        "folder that holds them."
    )


def _columns(file: Path) -> frozenset[str]:
    if file.suffix.lower() == ".parquet":
        return frozenset(pq.read_schema(file).names)
    return read_header(file).names if file.suffix.lower() == ".csv" else frozenset()
