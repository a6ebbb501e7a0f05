"""Encode a column of texts as codes and words, whatever type it was stored in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.data.words import words

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Texts:
    """One code a row, a position in `words`; -1 where a row has no text."""

    codes: Codes
    words: list[str]

    def used(self) -> list[str]:
        """List the words that occur; a row group's dictionary holds more than a batch uses."""
        counts = np.bincount(self.codes + 1, minlength=len(self.words) + 1)
        return [self.words[i] for i in np.flatnonzero(counts[1:])]


def encode(column: pa.Array | pa.ChunkedArray) -> Texts:
    """Encode texts, blanks around them removed; null and the empty text have no code.

    Numbers are read as text: a subject 7 becomes `7`.
    """
    if isinstance(column, pa.ChunkedArray):
        # A column without chunks has no dictionary to unify.
        column = (column.unify_dictionaries() if column.num_chunks else column).combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(column.dictionary.cast(pa.string()))
    # Two words may be one once their blanks are gone.
    unique = pc.if_else(pc.equal(trimmed, ""), None, trimmed).dictionary_encode()
    remap = np.append(_codes(unique.indices, -1), np.int32(-1))
    return Texts(remap[_codes(column.indices, -1)], unique.dictionary.to_pylist())


def as_array(codes: Codes, vocabulary: Sequence[str]) -> pa.DictionaryArray:
    """Lay codes and words out as a dictionary-encoded array; a code below 0 is null."""
    missing = codes < 0
    indices = pa.array(codes, mask=missing) if missing.any() else pa.array(codes)
    return pa.DictionaryArray.from_arrays(indices, words(vocabulary))


class Vocabulary:
    """Words under codes that stay the same from batch to batch."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    @property
    def words(self) -> list[str]:
        """The words so far, in the order of their codes."""
        return list(self._codes)

    def recode(self, texts: Texts) -> Codes:
        """Translate a batch's codes into those of this vocabulary."""
        known = {word: self._codes.setdefault(word, len(self._codes)) for word in texts.used()}
        table = [known.get(word, -1) for word in texts.words]
        return np.array([*table, -1], dtype=np.int32)[texts.codes]


def _codes(indices: pa.Array, missing: int) -> Codes:
    filled = pc.fill_null(indices.cast(pa.int32()), missing)
    codes: Codes = filled.to_numpy(zero_copy_only=False)
    return codes
