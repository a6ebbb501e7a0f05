"""Read the wanted columns of a CSV file, whatever its delimiter, and account for every row.

A file is read in blocks of whole lines, so that memory does not grow with it. The fast way is
pyarrow's parser. A block in which it stumbles (a cell that is no number, a row with too few
cells) is read again line by line, so that each bad row is named and the rest kept.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pipeline.data.header import START, Header, blank_length
from pipeline.data.lines import MISSING, Sheet, read_by_line
from pipeline.data.narrow import WORTH, cut, longest_unwanted, read_lines

BLOCK = 16 << 20  # bytes
_NULLS = [text for word in MISSING for text in {word, word.upper(), word.title(), "NaN", "-NaN"}]


def read_sheets(
    paths: Sequence[Path], header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> list[Sheet]:
    """Read the named columns of files with one header, small ones in one go."""
    schema = _schema(numbers, texts)
    small = len(paths) > 1 and sum(path.stat().st_size for path in paths) <= 2 * BLOCK
    if small and (sheets := _read_together(paths, header, schema)):
        return sheets
    return [read_sheet(path, header, numbers, texts) for path in paths]


def _read_together(paths: Sequence[Path], header: Header, schema: pa.Schema) -> list[Sheet] | None:
    """Parse sound files as one; None where anything in them is out of the ordinary."""
    narrowed = []
    for path in paths:
        block, size = read_lines(path, header.length, path.stat().st_size)
        narrowed.append(_narrow(block, size, header, schema))
    columns, counts = narrowed[0].columns, [piece.rows for piece in narrowed]
    if any(piece.columns != columns for piece in narrowed):
        return None
    table = _parse(b"".join([piece.lines for piece in narrowed]), columns, header, schema)
    if table is None or table.num_rows != sum(counts):
        return None
    starts = np.cumsum([0, *counts]).tolist()
    return [
        Sheet(table.slice(start, count), np.arange(1, count + 1), [])
        for start, count in zip(starts[:-1], counts, strict=True)
    ]


def read_sheet(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> Sheet:
    """Read the named columns of a whole file."""
    sheets = list(read_blocks(path, header, numbers, texts))
    if len(sheets) == 1:
        return sheets[0]
    return Sheet(
        pa.concat_tables([sheet.table for sheet in sheets]),
        np.concatenate([sheet.row for sheet in sheets]),
        [reject for sheet in sheets for reject in sheet.rejects],
    )


def read_blocks(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> Iterator[Sheet]:
    """Read the named columns block by block; a file without rows gives one empty sheet."""
    schema = _schema(numbers, texts)
    first = 1
    for block in _blocks(path, header.length):
        piece = _narrow(block, len(block), header, schema)
        table = _parse(piece.lines, piece.columns, header, schema)
        if table is None:
            sheet = read_by_line(path, block, header, schema, first)
        else:
            sheet = Sheet(table, np.arange(first, first + table.num_rows), [])
        first += sheet.rows_read
        yield sheet
    if first == 1:
        yield Sheet(schema.empty_table(), np.zeros(0, dtype=np.int64), [])


def _schema(numbers: Sequence[str], texts: Sequence[str]) -> pa.Schema:
    return pa.schema(
        [(name, pa.float64()) for name in numbers] + [(name, pa.string()) for name in texts]
    )


def count_rows(path: Path, header_length: int) -> int:
    """Count the lines below the header that are not blank."""
    return sum(_count_lines(block) for block in _blocks(path, header_length))


def _count_lines(block: bytes) -> int:
    return sum(1 for line in block.splitlines() if line.strip())


def _blocks(path: Path, start: int) -> Iterator[bytes]:
    """Cut a file into blocks of whole lines; blank ones are left out."""
    with path.open("rb") as file:
        file.seek(start or blank_length(file.read(START)))
        rest = b""
        while more := file.read(BLOCK):
            block = rest + more
            end = max(block.rfind(b"\n"), block.rfind(b"\r") if b"\n" not in block else -1) + 1
            block, rest = block[:end], block[end:]
            if block and not block.isspace():
                yield block
        if rest and not rest.isspace():
            yield rest


class _Narrow(NamedTuple):
    """Lines without what nobody wants, if that was much: the columns left, and how many rows."""

    columns: tuple[str, ...]
    lines: bytes
    rows: int


def _narrow(block: bytes | bytearray, size: int, header: Header, schema: pa.Schema) -> _Narrow:
    columns = header.columns
    start, stop = longest_unwanted(columns, frozenset(schema.names))
    if stop - start >= WORTH and (
        rest := cut(block, size, header.delimiter, len(columns), start, stop)
    ):
        return _Narrow(columns[:start] + columns[stop:], *rest)
    return _Narrow(columns, bytes(memoryview(block)[:size]), block.count(b"\n", 0, size))


def _parse(
    block: bytes, columns: tuple[str, ...], header: Header, schema: pa.Schema
) -> pa.Table | None:
    """Parse whole lines the fast way; None where that fails or may have miscounted the lines."""
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(block),
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=len(block) + 1, column_names=columns
            ),
            parse_options=pa_csv.ParseOptions(delimiter=header.delimiter),
            convert_options=pa_csv.ConvertOptions(
                include_columns=schema.names,
                column_types={field.name: field.type for field in schema},
                null_values=_NULLS,
                decimal_point=header.decimal,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    # A stray quote makes one row of many lines, a line of blanks or tabs may pass for a row.
    odd = b'"' in block or header.delimiter == "\t" or len(header.columns) == 1
    return None if odd and table.num_rows != _count_lines(block) else table
