"""Read the wanted columns of a CSV file, whatever its delimiter, and account for every row.

A file is read in blocks of whole lines, so that memory does not grow with it. The fast way is
pyarrow's parser. A block in which it stumbles (a cell that is no number, a row with too few
cells) is read again line by line, so that each bad row is named and the rest kept.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pipeline.data.reading.csv.bad_lines import (
    FLAG_WORDS,
    FLAGS,
    MISSING,
    Sheet,
    in_words,
    read_by_line,
    read_number,
)
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.lines import end_of_rows
from pipeline.data.reading.csv.preamble import preamble_length
from pipeline.data.reading.csv.text import UnreadableError, chunks

BLOCK = 16 << 20  # bytes
_HEAD = 1 << 20
_SPARE = ""  # no column is called so
_NULLS = [text for word in MISSING for text in {word, word.upper(), word.title(), "NaN", "-NaN"}]


def read_sheet(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> Sheet:
    """Read the named columns of a whole file. Raises `UnreadableError` where it is damaged."""
    sheets = list(read_blocks(path, header, numbers, texts))
    if len(sheets) == 1:
        return sheets[0]
    return Sheet(
        pa.concat_tables([sheet.table for sheet in sheets]),
        np.concatenate([sheet.row for sheet in sheets]),
        [reject for sheet in sheets for reject in sheet.rejects],
        frozenset[str]().union(*(sheet.notes for sheet in sheets)),
    )


def read_head(path: Path, header: Header, numbers: Sequence[str]) -> pa.Table:
    """Read the named columns of a file's first rows. Raises `UnreadableError` as `read_sheet`."""
    with closing(read_blocks(path, header, numbers, size=_HEAD)) as sheets:
        return next(sheets).table


def read_blocks(
    path: Path,
    header: Header,
    numbers: Sequence[str],
    texts: Sequence[str] = (),
    size: int | None = None,
) -> Generator[Sheet]:
    """Read the named columns block by block; a file without rows gives one empty sheet.

    A block has about `size` bytes of UTF-8, BLOCK unless given.

    Raises `UnreadableError` where compressed data is damaged.
    """
    schema = pa.schema(
        [(name, pa.float64()) for name in numbers] + [(name, pa.string()) for name in texts]
    )
    first = 1
    for block in _blocks(path, header.length, size or BLOCK):
        sheet = _read_fast(block, header, schema, first)
        if sheet is None:
            sheet = read_by_line(path, block, header, schema, first)
        first += sheet.rows_read
        yield sheet
    if first == 1:
        yield Sheet(schema.empty_table(), np.zeros(0, dtype=np.int64), [])


def count_rows(path: Path, header_length: int) -> int:
    """Count the lines below the header that are not blank, as far as the file can be read."""
    count = 0
    try:
        for block in _blocks(path, header_length, BLOCK):
            count += _count_lines(block)
    except UnreadableError:
        pass
    return count


def _count_lines(block: bytes) -> int:
    return sum(1 for line in block.splitlines() if line.strip())


def _blocks(path: Path, start: int, size: int) -> Iterator[bytes]:
    """Cut a file into blocks of whole lines; blank ones are left out."""
    rest = b""
    for number, more in enumerate(chunks(path, size)):
        if number == 0 and not start:
            start = preamble_length(more)
        skipped, start = start, max(0, start - len(more))
        block = rest + more[skipped:]
        end = end_of_rows(block)
        block, rest = block[:end], block[end:]
        if block and not block.isspace():
            yield block
    if rest and not rest.isspace():
        yield rest


def _read_fast(block: bytes, header: Header, schema: pa.Schema, first: int) -> Sheet | None:
    """Parse whole lines; None where that fails or may have miscounted the lines."""
    notes = frozenset[str]()
    table = _parse(block, header, schema)
    if table is None:
        table, notes = _parse_flags(block, header, schema)
    if table is None:
        return None
    # A stray quote makes one row of many lines, a line of blanks or tabs may pass for a row.
    odd = b'"' in block or header.delimiter == "\t" or len(header.columns) == 1
    if odd and table.num_rows != _count_lines(block):
        return None
    return Sheet(table, np.arange(first, first + table.num_rows), [], notes)


def _parse(block: bytes, header: Header, schema: pa.Schema) -> pa.Table | None:
    """Read the cells of a block; None where one is not what it should be."""
    if not header.spare:
        return _parse_cells(block, header, header.columns, schema)
    wider = schema.append(pa.field(_SPARE, pa.string()))
    table = _parse_cells(block, header, (*header.columns, _SPARE), wider)
    if table is None:
        return _parse_cells(block, header, header.columns, schema)
    filled = any(word.strip() for word in table[_SPARE].unique().to_pylist())
    return None if filled else table.drop_columns([_SPARE])


def _parse_cells(
    block: bytes, header: Header, columns: Sequence[str], schema: pa.Schema
) -> pa.Table | None:
    try:
        return pa_csv.read_csv(
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


def _parse_flags(
    block: bytes, header: Header, schema: pa.Schema
) -> tuple[pa.Table | None, frozenset[str]]:
    """Read a block whose flags are words, and say so; None where a word is neither."""
    flags = [name for name in schema.names if name in FLAGS]
    words = [pa.field(f.name, pa.string() if f.name in flags else f.type) for f in schema]
    table = _parse(block, header, pa.schema(words)) if flags else None
    if table is None:
        return None, frozenset()
    notes = set()
    for name in flags:
        column = table[name].combine_chunks().dictionary_encode()
        known = column.dictionary.to_pylist()
        values = [read_number(word, name, commas=header.decimal == ",") for word in known]
        if None in values:
            return None, frozenset()
        if any(word.strip().lower() in FLAG_WORDS for word in known):
            notes.add(in_words(name))
        numbers = pa.array(values, pa.float64()).take(column.indices)
        table = table.set_column(schema.names.index(name), name, numbers)
    return table, frozenset(notes)
