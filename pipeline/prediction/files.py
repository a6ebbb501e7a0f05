"""Write tables as Parquet or CSV as they stream by, and put all files in place at once."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.csv_files import write_csv
from pipeline.data.frames import RowGroupWriter
from pipeline.errors import InputError, naming

PARQUET, CSV = ".parquet", ".csv"


def refuse_place(out: Path, read: Sequence[Path]) -> None:
    """Raise `InputError` for a file that is neither Parquet nor CSV, or lies where is read."""
    if out.suffix not in (PARQUET, CSV):
        raise InputError(f"--out is {out}; a file that ends in {PARQUET} or {CSV} is allowed.")
    if inside := [path for path in read if out.resolve().is_relative_to(path.resolve())]:
        raise InputError(
            f"--out is {out}, which is or lies in {inside[0]}: predictions would be read as "
            "recordings, or stand in their place. Name a file elsewhere."
        )


def beside(out: Path, what: str, suffix: str | None = None) -> Path:
    """Name a file beside another: `clips` beside `happy.csv` is `happy_clips.csv`."""
    return out.with_name(f"{out.stem}_{what}{suffix or out.suffix}")


@contextmanager
def writer(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Give a function that adds rows to a new file, which has all columns without any row, too."""
    if path.suffix == PARQUET:
        # No probability comes again: without dictionaries of them it takes a third of the time.
        repeating = [field.name for field in schema if not pa.types.is_floating(field.type)]
        with RowGroupWriter(path, schema, repeating) as parquet:
            yield parquet.write
        return
    write_csv(schema.empty_table().to_pandas(), path)
    yield lambda table: write_csv(table.to_pandas(), path, more=True)


def copy_table(source: Path, target: Path) -> None:
    """Copy a Parquet table, batch by batch, into Parquet or CSV."""
    with pq.ParquetFile(source) as file, writer(target, file.schema_arrow) as write:
        for batch in file.iter_batches():
            write(pa.Table.from_batches([batch]))


@contextmanager
def whole_files(out: Path) -> Iterator[Path]:
    """Give a folder; what stands in it when the block ends is moved beside `out`, that one last.

    Where the block fails nothing is moved. What is put beside the folder goes with it.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with naming(out), tempfile.TemporaryDirectory(prefix=".predict-", dir=out.parent) as name:
        folder = Path(name) / "whole"
        folder.mkdir()
        yield folder
        for path in sorted(folder.iterdir(), key=lambda path: path.name == out.name):
            path.replace(out.with_name(path.name))


def write_text(text: str, path: Path) -> None:
    """Put a text in place at once."""
    with whole_files(path) as folder:
        (folder / path.name).write_text(text, encoding="utf-8")
