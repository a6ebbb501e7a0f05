"""Try the namings that there are on the names of clips, and say which reads them best."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.data.action_units import SPLITS
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.naming.labels_file import Labels
from pipeline.data.reading.naming.people import check_people, is_emotion
from pipeline.data.warnings import some

EXAMPLES = 3
_MOST_CATEGORIES = 30


@dataclass(frozen=True)
class Trial:
    """What a naming reads of clips: `told` has those whose subject is known then.

    `read` has what it reads from the names themselves, where labels.csv says nothing.
    """

    name: str
    clips: int
    told: Mapping[str, Mapping[str, str]]
    read: Mapping[str, Mapping[str, str]]
    doubts: Sequence[Mapping[str, Any]]

    @property
    def subjects(self) -> list[str]:
        """The people, in their order."""
        return sorted({known["subject"] for known in self.told.values()})

    def counts(self, key: str) -> Counter[str]:
        """Count the clips of each emotion or valence class."""
        return Counter(known[key] for known in self.told.values() if key in known)

    def merit(self) -> tuple[float, ...]:
        """Give what one naming is better by than another, the weightiest first."""
        people = len(self.subjects)
        return (
            len(self.told) / max(self.clips, 1),
            -len(self.doubts),
            min(people, len(SPLITS)),
            len(self.told) > people,  # people who come back
            self._worth_of_emotions(),
            bool(self.counts("valence_class")),
        )

    def _worth_of_emotions(self) -> int:
        """Tell emotions that may be some (1) from none (0) and from other words (-1)."""
        categories = Counter(one["emotion"] for one in self.read.values() if "emotion" in one)
        if not categories:
            return 0
        known = sum(is_emotion(word) for word in categories)
        may_be = 2 <= len(categories) <= _MOST_CATEGORIES and 2 * known >= len(categories)
        return 1 if may_be and categories.total() == len(self.read) else -1

    def lines(self) -> list[str]:
        """Say what is read, with examples and doubts."""
        emotions = self.counts("emotion")
        named = f", emotions {some(sorted(emotions), 8)}" if emotions else ""
        people = f"{len(self.subjects)} subject{'s' * (len(self.subjects) != 1)}"
        read = f"{len(self.told)} of {self.clips} clips, {people}{named}"
        return [
            f"  {self.name}: {read}",
            *(f"    {clip}: {_words(known)}" for clip, known in self._examples()),
            *(f"    doubt: {doubt['message']}" for doubt in self.doubts),
        ]

    def _examples(self) -> list[tuple[str, Mapping[str, str]]]:
        """Choose clips from all over the data."""
        items = sorted(self.told.items())
        places = [round(i * (len(items) - 1) / (EXAMPLES - 1)) for i in range(EXAMPLES)]
        return [items[place] for place in dict.fromkeys(places)]


def _words(known: Mapping[str, str]) -> str:
    keys = {"subject": "subject", "emotion": "emotion", "valence_class": "valence class"}
    return ", ".join(f"{word} {known[key]}" for key, word in keys.items() if key in known)


def try_naming(name: str, naming: Naming, clips: Iterable[str]) -> Trial:
    """Read the names of clips by a naming; raises `InputError` as `Naming.tell` does."""
    told = {clip: naming.tell(clip) for clip in clips}
    named = {clip: known for clip, known in told.items() if "subject" in known}
    alone = replace(naming, labels=Labels())
    read = {clip: known for clip in told if "subject" in (known := alone.tell(clip))}
    doubts = check_people({clip: known["subject"] for clip, known in named.items()})
    return Trial(name, len(told), named, read, doubts)


def best(trials: Sequence[Trial], usual: str) -> Trial | None:
    """Choose the naming that reads most, with fewest doubts; of equals the usual or first one.

    None where no naming tells a subject.
    """
    able = [trial for trial in trials if trial.read]
    return max(able, key=lambda trial: (*trial.merit(), trial.name == usual), default=None)
