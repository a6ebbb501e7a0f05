"""Read the words that name people, clips and categories: missing ones, spellings, and numbers.

Words are text, whatever they look like: `01`, `1`, `1.0` and `True` are four categories.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.errors import InputError

# What spreadsheets, R, pandas, SQL and people write where they have nothing to say.
MISSING = frozenset(
    ("", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "-nan", "null", "#null!", "none", "nil")
).union(("-", "--", "---", "\N{EN DASH}", "\N{EM DASH}", ".", "?"))

_NUMBER = re.compile(r"[+-]?\d+([.,]\d*)?")


def said(word: str | None) -> str | None:
    """Give a word without the blanks around it; None where it stands for nothing."""
    stripped = (word or "").strip()
    return None if stripped.lower() in MISSING else stripped


def folded(word: str) -> str:
    """Give what words that differ in case, blanks or the coding of their accents have in common."""
    return " ".join(unicodedata.normalize("NFC", word).casefold().split())


def spellings(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Gather words that are one but for their spelling, below the commonest of each."""
    by_meaning: dict[str, list[str]] = {}
    for word in sorted(counts, key=lambda word: (-counts[word], word)):
        by_meaning.setdefault(folded(word), []).append(word)
    return {words[0]: words for words in by_meaning.values() if len(words) > 1}


def one_spelling(counts: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Give the word for each that is written otherwise, and say in notes what is taken for what."""
    joined = spellings(counts)
    one = {word: common for common, words in joined.items() for word in words[1:]}
    return one, [*([describe_spellings(joined)] if joined else []), *describe_numbers(counts)]


def describe_spellings(joined: Mapping[str, Sequence[str]]) -> str:
    """Say which spellings are one category, and how it is written."""
    told = (f"{', '.join(map(repr, words))} as {common!r}" for common, words in joined.items())
    return f"categories that differ in case or blanks alone are one: {'; '.join(told)}"


def describe_numbers(words: Iterable[str]) -> list[str]:
    """Say that categories are text where they look like numbers."""
    listed = sorted(words)
    if not listed or not all(map(_NUMBER.fullmatch, listed)):
        return []
    return [f"categories that look like numbers are text, as it stands: {_listed(listed)}"]


def chosen(given: Iterable[str | int], known: Collection[str], key: str, kind: str) -> list[str]:
    """Find the names that params.yaml gives under `key` among those that the data has.

    A number means the one name that is written with it (2 may be `02`), a word the one name that
    differs in case or blanks alone. Raises `InputError` where that is none, or several.
    """
    found = {name: _matches(name, known) for name in given}
    for name, names in found.items():
        if len(names) > 1:
            raise InputError(
                f"params.yaml: {key} has {name}, which may be {' or '.join(map(repr, names))}. "
                "Write the one that is meant, in quotes."
            )
    if absent := [str(name) for name, names in found.items() if not names]:
        raise InputError(
            f"params.yaml: {key} has {', '.join(absent)}, which the data lacks; its {kind} are "
            f"{_listed(sorted(known))}.{_hint(absent, known)}"
        )
    return list(dict.fromkeys(names[0] for names in found.values()))


def _matches(given: str | int, known: Collection[str]) -> list[str]:
    if given in known:
        return [str(given)]
    if isinstance(given, int):
        return sorted(name for name in known if name.isdecimal() and int(name) == given)
    return sorted(name for name in known if folded(name) == folded(given))


def _hint(absent: Sequence[str], known: Iterable[str]) -> str:
    """Suggest names with the same number, such as 02 or P02 for 2."""
    numbers = {int(digits) for name in absent if (digits := _digits(name))}
    near = sorted(name for name in known if (digits := _digits(name)) and int(digits) in numbers)
    return f" Did you mean {', '.join(map(repr, near[:5]))}?" if near else ""


def _digits(name: str) -> str:
    return "".join(mark for mark in name if mark.isdecimal())


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(map(repr, names[:30]))}{' ...' if len(names) > 30 else ''}"


def meant_by(
    emotions: Iterable[str], called: Mapping[str, str], words: Iterable[str]
) -> dict[str, str]:
    """Give the word of `words` that each emotion means, written as it stands there.

    That is what people call it (`called`), or its own name where nobody called anything so. Where
    neither is there, it is what people would call it.
    """
    written = {folded(word): word for word in words}
    wanted = {emotion: called.get(emotion, emotion) for emotion in emotions}
    return {
        emotion: written.get(folded(word), written.get(folded(emotion), word))
        for emotion, word in wanted.items()
    }
