"""Tell subject, valence class and emotion of a clip from labels.csv or from its name."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.action_units import VALENCE_CLASSES
from pipeline.data.reading.csv.header import Header
from pipeline.errors import InputError

LABELS_FILE = "labels.csv"
_LABEL_COLUMNS = ("clip", "subject", "emotion", "valence_class")


@dataclass(frozen=True)
class Identity:
    """Whose a clip is, and what a human or its name says of it."""

    subject: str
    emotion: str | None
    valence_class: str | None


@dataclass(frozen=True)
class Clip:
    """A clip, its identity, and the file (or pair of files) that holds its frames."""

    name: str
    identity: Identity
    path: Path
    header: Header
    partner: Path | None = None


@dataclass(frozen=True)
class Naming:
    """How a clip's name is read: a pattern with named groups, and words for emotion codes."""

    pattern: str
    emotions: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]

    def describe(self, name: str) -> Identity | None:
        """Give subject, emotion and valence class of a clip; None where it has no subject.

        Raises `InputError` on a valence class that is not P, N or M.
        """
        told = self.tell(name)
        if "subject" not in told:
            return None
        return Identity(told["subject"], told.get("emotion"), told.get("valence_class"))

    def tell(self, name: str) -> dict[str, str]:
        """Give what labels.csv and the name tell of a clip, with a subject or without.

        A value in labels.csv wins over the name. Raises `InputError` on a valence class that
        is not P, N or M.
        """
        match = re.fullmatch(self.pattern, name.rsplit("/", 1)[-1])
        groups = match.groupdict() if match else {}
        if code := groups.get("emotion"):
            groups["emotion"] = self.emotions.get(code, code)
        groups |= {key: value for key, value in self.labels.get(name, {}).items() if value}
        told = {key: value for key, value in groups.items() if value}
        if told.get("valence_class", VALENCE_CLASSES[0]) not in VALENCE_CLASSES:
            raise InputError(
                f"clip {name}: valence_class is {told['valence_class']!r}; "
                f"{', '.join(VALENCE_CLASSES)} are allowed. Mend {LABELS_FILE} or data.naming."
            )
        return told


def read_labels(folder: Path) -> dict[str, dict[str, str]]:
    """Read labels.csv (`clip` and any of subject, emotion, valence_class), if there is one.

    Raises `InputError` on an unknown or missing column and on a clip listed twice.
    """
    path = folder / LABELS_FILE
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error.reason}). Save it as UTF-8.") from None
    with io.StringIO(text, newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        columns = [name.strip() for name in reader.fieldnames or []]
        if "clip" not in columns or set(columns) - set(_LABEL_COLUMNS):
            raise InputError(
                f"{path} has the columns {columns}; clip and any of "
                f"{', '.join(_LABEL_COLUMNS[1:])} are allowed."
            )
        reader.fieldnames = columns
        labels: dict[str, dict[str, str]] = {}
        for number, line in enumerate(reader, start=1):
            name = (line.pop("clip") or "").strip()
            if name in labels:
                raise InputError(f"{path}, row {number}: clip {name} is listed already.")
            labels[name] = {key: (value or "").strip() for key, value in line.items() if key}
    return labels
