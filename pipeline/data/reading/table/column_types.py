"""Bring the columns of a Parquet file to two kinds: words, encoded by dictionary, and floats."""

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.names.words import MISSING
from pipeline.data.reading.csv.bad_lines import FLAG, read_number


@cache
def _nothing() -> pa.Array:
    return pa.array(sorted(MISSING), pa.string())


def holds_numbers(kind: pa.DataType) -> bool:
    """Say whether a column of this type can be read as floats."""
    types = pa.types
    known = (types.is_floating, types.is_integer, types.is_boolean, types.is_decimal)
    return any(is_one(kind) for is_one in known)


def holds_words(kind: pa.DataType) -> bool:
    """Say whether a column of this type can be read as words; whole numbers can."""
    try:
        pa.nulls(0, kind.value_type if pa.types.is_dictionary(kind) else kind).cast(pa.string())
    except pa.ArrowNotImplementedError:
        return False
    return not pa.types.is_nested(kind)


def holds_text(kind: pa.DataType) -> bool:
    """Say whether a column of this type holds text, encoded by dictionary or not."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    known = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_one(kind) for is_one in known)


def float_type(kinds: Iterable[pa.DataType]) -> pa.DataType:
    """Choose float32 where all of these types fit into it, else float64."""
    return pa.float32() if set(kinds) <= {pa.float16(), pa.float32()} else pa.float64()


def as_floats(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Read numbers as floats; an integer that no float holds is rounded.

    Words are those of a flag, such as True and False; one that says neither is NaN.
    """
    if not holds_text(column.type):
        return column.cast(kind, safe=False)
    words = encode(column)
    values = [read_number(word, FLAG) for word in words.dictionary.to_pylist()]
    floats = pa.array([np.nan if value is None else value for value in values], kind)
    return pc.fill_null(floats.take(words.indices), np.nan)


def respell(column: pa.DictionaryArray, one: Mapping[str, str]) -> pa.DictionaryArray:
    """Write words that are one in one way; `one` has those that change."""
    if not one:
        return column
    words = pa.array([one.get(word, word) for word in column.dictionary.to_pylist()], pa.string())
    words = words.dictionary_encode()
    return pa.DictionaryArray.from_arrays(words.indices.take(column.indices), words.dictionary)


def encode(column: pa.Array) -> pa.DictionaryArray:
    """Encode words by dictionary, whatever type they have; blanks around them do not count.

    An empty word is null, and so is one for nothing such as NA. The dictionary holds the words that
    occur, and no other: a file's own may list people who have no row. A whole number that is stored
    as a float loses its point. Raises `ArrowInvalid` on bytes that are no UTF-8.
    """
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    used = column.indices.dictionary_encode()
    words = column.dictionary.take(used.dictionary).cast(pa.string())
    words.validate(full=True)  # a Parquet file may hold what is no UTF-8
    words = pc.utf8_trim_whitespace(words)
    nothing = pc.is_in(pc.utf8_lower(words), value_set=_nothing())
    words = pc.if_else(nothing, None, words).dictionary_encode()
    return pa.DictionaryArray.from_arrays(words.indices.take(used.indices), words.dictionary)
