"""Let a command read recordings from any path, as `prepare` would."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click

from pipeline.data.reading.bad_files import open_header
from pipeline.data.reading.columns.extractors import PYFEAT, recognise
from pipeline.data.reading.columns.lost_suffix import LOOKED_AT, Look, restore_suffixes
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.text import FORMATS, sheet_stem
from pipeline.data.reading.folders import files_below
from pipeline.data.reading.layouts import PLANNERS
from pipeline.data.reading.naming.labels_columns import COLUMNS
from pipeline.data.reading.rows.contract import KEYS
from pipeline.data.reading.table.headers import first_rows, is_parquet, open_table_header
from pipeline.errors import InputError
from pipeline.settings import params
from pipeline.settings.schema import Params

Column = tuple[str, str]  # what we call it, and what the table does
_PLAIN = re.compile(r"(?!(?i:null|true|false|nan|inf)$)[a-zA-Z_/.][\w/.-]*", re.ASCII)


def source_arguments(run: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments that say what to read and how."""
    return click.argument("path", type=click.Path())(source_options(run))


def source_options(run: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how to read."""
    for add in (
        click.option(
            "--column",
            multiple=True,
            metavar="NAME=COLUMN",
            callback=lambda _context, _option, given: [split_column(one) for one in given],
            help="What a table calls clip, subject, emotion or valence_class: clip=video.",
        ),
        click.option("--naming", help="An entry of `naming` in params.yaml; else its data.naming."),
        click.option("--layout", type=click.Choice(list(PLANNERS)), help="Else it is guessed."),
    ):
        run = add(run)
    return run


def split_column(given: str) -> Column:
    """Read `clip=video`; a wrong one is a usage error."""
    ours, _, theirs = given.partition("=")
    if ours not in COLUMNS or not theirs:
        raise click.BadParameter(f"{given!r}: NAME is one of {', '.join(COLUMNS)}.")
    return ours, theirs


def settings_for(
    path: str, layout: str | None, naming: str | None, column: Sequence[Column] = ()
) -> Params:
    """Give the parameters, with those of `data` that the arguments say.

    What a table calls its columns holds for each naming. Raises `InputError` for a path that does
    not exist and a naming that params.yaml lacks.
    """
    settings = params.load()
    if not Path(path).exists():
        raise InputError(f"{path} does not exist. Name a folder or file of recordings.")
    if naming and naming not in settings.naming:
        raise InputError(f"--naming is {naming}; allowed are {', '.join(settings.naming)}.")
    namings = {
        name: one.model_copy(update={"columns": {**one.columns, **dict(column)}})
        for name, one in settings.naming.items()
    }
    data = settings.data.model_copy(
        update={
            "path": path,
            "layout": layout or guess_layout(Path(path)),
            "naming": naming or settings.data.naming,
        }
    )
    return settings.model_copy(update={"data": data, "naming": namings})


def override(key: str, value: str) -> str:
    """Write one value for `dvc exp run`, quoted for its grammar and for the shell.

    `++` adds a key that params.yaml lacks, as it may below `naming`.
    """
    if not _PLAIN.fullmatch(value):
        # A backslash counts as one only before a quote or at the end.
        escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'")
        value = f"'{escaped}'"
    return f"-S {shlex.quote(f'{key}={value}')}"


def guess_layout(path: Path) -> str:
    """Tell the layout from the names of folders, files and columns, and from some values.

    Raises `InputError` where nothing there looks like a table of action units.
    """
    if (path / "AUs").is_dir() and (path / "Valences").is_dir():
        return "expression"
    looks = list(islice(_looks(path), LOOKED_AT))
    if not looks:
        raise InputError(
            f"{path} holds no Parquet file and none of {FORMATS} with action units such as AU06_r "
            "or AU06. Name the folder that holds them."
        )
    if looks[0].names & set(KEYS):  # who and what stands in each row
        return "table"
    given, _ = restore_suffixes(looks)
    names = looks[0].names | set(given[0].values())
    return "pyfeat" if recognise(names) == PYFEAT else "openface"


def layout_of(paths: Sequence[Path]) -> str:
    """Tell the layout of all paths; what holds no action units is passed over.

    Raises `InputError` where it is not the same, and where there is none.
    """
    if len(paths) == 1:
        return guess_layout(paths[0])
    found = {guess_layout(path): path for path in paths if next(_looks(path), None)}
    if len(found) != 1 or "expression" in found:
        told = "; ".join(f"{layout}: {path}" for layout, path in found.items())
        raise InputError(
            f"several paths are read as one where all are of one layout, openface, pyfeat or "
            f"table; found: {told or 'no action units'}. Predict each by itself."
        )
    return next(iter(found))


def _looks(path: Path) -> Iterator[Look]:
    """Look at each file that holds action units."""
    for file in sorted(files_below(path)) if path.exists() else []:
        header = open_table_header(file) if is_parquet(file) else None
        if sheet_stem(file.name) or file == path:
            header = header or open_header(file)
        if isinstance(header, Header) and recognise(header.names):
            yield Look(file, header.names, partial(first_rows, file, header))
