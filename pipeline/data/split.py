"""Deal subjects (or, by name only, clips or frames) to train, val and test.

A subject's place depends on its own name and the seed, not on who else is there: whoever joins
moves at most the people next to a boundary, so that models of a growing collection stay comparable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import SPLITS
from pipeline.data.names.dealing import in_order
from pipeline.data.names.words import chosen
from pipeline.data.reading.rows.faces import owner
from pipeline.errors import InputError

TRAIN, VAL, TEST = range(len(SPLITS))
KEYS = {"val": "validation_subjects", "test": "test_subjects"}  # where params.yaml names people


@dataclass(frozen=True)
class Shares:
    """Shares of the whole in (0, 1) that validation and test get, and the seed of the deal."""

    validation: float
    test: float
    seed: int


def deal(names: Sequence[str], shares: Shares) -> dict[str, str]:
    """Assign each name to a split by its place `in_order`; every split gets at least one.

    Raises `InputError` below three names.
    """
    if len(names) < len(SPLITS):
        raise InputError(
            f"prepare.split: {len(names)} to deal ({', '.join(names)}); train, val and test need "
            "at least one each. Add data, or set prepare.split.by."
        )
    order = in_order(names, shares.seed)
    tests = max(1, round(shares.test * len(order)))
    validations = min(max(1, round(shares.validation * len(order))), len(order) - tests - 1)
    assigned = dict.fromkeys(order[:tests], "test")
    assigned |= dict.fromkeys(order[tests : tests + validations], "val")
    return assigned | dict.fromkeys(order[tests + validations :], "train")


def deal_subjects(
    subjects: Sequence[str], shares: Shares, named: Mapping[str, Sequence[str | int]]
) -> dict[str, str]:
    """Assign each subject to a split; `named` lists subjects of `val` and `test` by hand.

    Named subjects replace the share of their split. Raises `InputError` where a named subject
    does not occur or no subject is left to train on.
    """
    known = set(subjects)
    meant = {
        split: chosen(names, known, f"prepare.split.{KEYS[split]}", "subjects")
        for split, names in named.items()
    }
    if not any(meant.values()):
        return deal(subjects, shares)
    if both := set(meant.get("val", ())) & set(meant.get("test", ())):
        raise InputError(
            f"params.yaml: prepare.split names {', '.join(sorted(both))} in {KEYS['val']} and in "
            f"{KEYS['test']}; a subject stands in one."
        )
    assigned = {name: split for split, names in meant.items() for name in names}
    left = in_order(set(subjects) - set(assigned), shares.seed)
    for split, share in (("val", shares.validation), ("test", shares.test)):
        if not meant.get(split):
            taken = max(1, round(share * len(subjects)))
            assigned |= dict.fromkeys(left[:taken], split)
            left = left[taken:]
    if not left:
        raise InputError(
            f"params.yaml: prepare.split leaves none of the {len(subjects)} subjects to train on; "
            "name fewer of them."
        )
    return assigned | dict.fromkeys(left, "train")


def deal_frames(count: int, shares: Shares, batch: int) -> NDArray[np.int32]:
    """Draw a split code for each frame of a batch; frames of one person land on both sides."""
    draw = np.random.default_rng([shares.seed, batch]).random(count)
    taken = [draw < shares.test, draw < shares.test + shares.validation]
    return np.select(taken, [TEST, VAL], TRAIN).astype(np.int32)


def split_by(key: str, assigned: Mapping[str, str], frames: pa.Table, _batch: int) -> pa.Table:
    """Add the column `split` by each row's subject or clip, as dealt."""
    column = frames[key].combine_chunks()
    owners = [assigned[owner(word, assigned)] for word in column.dictionary.to_pylist()]
    code = np.array([SPLITS.index(split) for split in owners], dtype=np.int32)
    return with_split(frames, code[column.indices.to_numpy()])


def split_frames(shares: Shares, frames: pa.Table, batch: int) -> pa.Table:
    """Add the column `split` by a draw for each row."""
    return with_split(frames, deal_frames(frames.num_rows, shares, batch))


def with_split(frames: pa.Table, codes: NDArray[np.int32]) -> pa.Table:
    """Add the column `split` from positions in SPLITS."""
    column = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(SPLITS))
    return frames.append_column("split", column)
