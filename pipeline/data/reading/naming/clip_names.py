"""Tell subject, valence class and emotion of a clip from labels.csv or from its name."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.data.action_units import VALENCE_CLASSES
from pipeline.data.names.words import one_spelling, said
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.naming.labels_file import Labels
from pipeline.data.reading.naming.labels_place import LABELS_FILE
from pipeline.errors import InputError


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


def join_spellings(clips: Sequence[Clip]) -> tuple[list[Clip], list[str]]:
    """Make categories one that differ in case or blanks alone, and say in notes which."""
    one, notes = one_spelling(Counter(e for clip in clips if (e := clip.identity.emotion)))
    same = [
        replace(clip, identity=replace(clip.identity, emotion=one[emotion]))
        if (emotion := clip.identity.emotion) in one
        else clip
        for clip in clips
    ]
    return same, notes


@dataclass(frozen=True)
class Naming:
    """How a clip's name is read: a pattern with named groups, and words for emotion codes.

    A pattern that holds a `/` reads the path below data.path without suffix, any other the file's
    name alone. `columns` says what a table calls clip, subject, emotion and valence_class where it
    calls them otherwise.
    """

    pattern: str
    emotions: Mapping[str, str]
    labels: Labels = field(default_factory=Labels)
    columns: Mapping[str, str] = field(default_factory=dict)

    def describe(self, name: str) -> Identity | None:
        """Give subject, emotion and valence class of a clip; None where it has no subject.

        Raises `InputError` on a valence class that is not P, N or M.
        """
        told = self.tell(name)
        if "subject" not in told:
            return None
        return Identity(told["subject"], told.get("emotion"), told.get("valence_class"))

    def why_not(self, name: str) -> str:
        """Say why a clip's name tells no subject."""
        match = self._match(name)
        word = match.groupdict().get("subject") if match else None
        if word and said(word) is None:
            return (
                f"the subject of {name} would be {word!r}, a word for nothing; rename its files, "
                f"or name the subject in {LABELS_FILE}"
            )
        return f"{name} does not match {self.pattern}"

    def _match(self, name: str) -> re.Match[str] | None:
        path = name.replace("\\", "/")
        return re.fullmatch(self.pattern, path if "/" in self.pattern else path.rsplit("/", 1)[-1])

    def may_tell(self, key: str) -> bool:
        """Say whether names or labels.csv can tell a value at all."""
        in_labels = any(key in row for row in self.labels.rows.values())
        return in_labels or key in re.compile(self.pattern).groupindex

    def tell(self, name: str) -> dict[str, str]:
        """Give what labels.csv and the name tell of a clip, with a subject or without.

        A value in labels.csv wins over the name; a word such as NA is no value. Raises
        `InputError` on a valence class that is not P, N or M.
        """
        match = self._match(name)
        groups = match.groupdict() if match else {}
        if code := groups.get("emotion"):
            groups["emotion"] = self.emotions.get(code, code)
        told = {key: word for key, value in groups.items() if (word := said(value))}
        told |= self.labels.of(name)
        if told.get("valence_class", VALENCE_CLASSES[0]) not in VALENCE_CLASSES:
            raise InputError(
                f"clip {name}: valence_class is {told['valence_class']!r}; "
                f"{', '.join(VALENCE_CLASSES)} are allowed. Mend {LABELS_FILE} or data.naming."
            )
        return told


@dataclass(frozen=True)
class NamingOrClip(Naming):
    """Takes a clip for a person of its own where neither its name nor labels.csv tells whose."""

    def tell(self, name: str) -> dict[str, str]:
        """Give what is told of a clip, with a subject."""
        return {"subject": name, **super().tell(name)}
