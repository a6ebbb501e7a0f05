"""Deal people to folds, and a fold's training people to training and validation.

As `pipeline.data.split` deals them: by a hash of name and seed, so that whoever joins moves few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.data.csv_files import read_csv
from pipeline.data.names.dealing import in_order
from pipeline.data.names.words import chosen
from pipeline.errors import InputError
from studies.settings import Dealing

People = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Who trains, who decides when to stop, and of whom a model is asked; nobody is in two."""

    train: People
    validation: People
    test: People

    def __post_init__(self) -> None:
        """Raise `InputError` where somebody is in two, or nobody trains or is asked of."""
        everyone = [*self.train, *self.validation, *self.test]
        if twice := sorted({name for name in everyone if everyone.count(name) > 1}):
            raise InputError(
                f"{', '.join(twice)} would be in two of training, validation and test; "
                "one person stands in one of them."
            )
        if not self.train or not self.test:
            raise InputError(
                f"{len(self.train)} people to train on and {len(self.test)} to test on: at least "
                "one each is needed. Ask for fewer folds, or bring more people."
            )


def deal(people: Sequence[str], dealing: Dealing, seed: int) -> list[People]:
    """Deal people to folds: as they are given, or else by seed, in numbers that differ by one.

    Raises `InputError` where there are fewer people than folds, and as `given_folds`.
    """
    if dealing.given is not None:
        return given_folds(people, dealing.given)
    if len(people) < dealing.number:
        raise InputError(
            f"folds.number is {dealing.number}, but there are {len(people)} people; "
            f"2 to {len(people)} are allowed."
        )
    order = in_order(people, seed)
    return [tuple(sorted(order[start :: dealing.number])) for start in range(dealing.number)]


def given_folds(people: Sequence[str], given: Sequence[Sequence[str | int]] | str) -> list[People]:
    """Take folds as lists of names, or from a CSV file with the columns `subject` and `fold`.

    Such a file may hold a row for each clip. Raises `InputError` where somebody who is there is
    in no fold, or in several, and where somebody is named who is not there.
    """
    listed = _read_folds(Path(given)) if isinstance(given, str) else given
    folds = [tuple(chosen(names, people, "folds.given", "subjects")) for names in listed]
    places = [name for fold in folds for name in fold]
    wrong = sorted(name for name in people if places.count(name) != 1)
    if wrong:
        raise InputError(
            f"folds.given has {', '.join(wrong)} in no fold, or in several; each of the "
            f"{len(people)} people stands in one."
        )
    return folds


def _read_folds(path: Path) -> list[list[str | int]]:
    if not path.is_file():
        raise InputError(f"folds.given names {path}, which is not there.")
    table = read_csv(path, text=("subject", "fold"))
    if not {"subject", "fold"} <= set(table.columns):
        raise InputError(
            f"{path} has the columns {', '.join(table.columns)}; `subject` and `fold` are needed."
        )
    rows = table[["subject", "fold"]].drop_duplicates()
    return [
        [int(name) if name.isdecimal() else name for name in rows["subject"][rows["fold"] == fold]]
        for fold in sorted(set(rows["fold"]))
    ]


def split_off(people: Iterable[str], share: float, seed: int) -> tuple[People, People]:
    """Take a share of the people, at least one, to validate; return who trains and they."""
    order = in_order(people, seed)
    number = max(1, round(share * len(order)))
    return tuple(sorted(order[number:])), tuple(sorted(order[:number]))


def parts_of(people: Sequence[str], dealing: Dealing, seed: int) -> list[Part]:
    """Give the part of each fold: its people are the test, of the others some validate."""
    found = []
    for test in deal(people, dealing, seed):
        others = [name for name in people if name not in test]
        train, validation = split_off(others, dealing.validation, seed)
        found.append(Part(train, validation, test))
    return found


def fewer(part: Part, number: int, seed: int) -> Part:
    """Let so many of the part's people train; those of a smaller number are among them."""
    return replace(part, train=tuple(sorted(in_order(part.train, seed)[:number])))
