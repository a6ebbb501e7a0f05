"""Doubt whether those that a naming takes for people are people."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.data.names.words import folded
from pipeline.data.warnings import some, warning

SAME_SHARE = 0.8  # of all folders, in which a subject stands on average
_NUMBER = re.compile(r"\d+(?:\.0*)?")
_EMOTION = re.compile(
    r"(?i)\s*(?:ang(?:er|ry)?|hap(?:p(?:y|iness))?|joy(?:ful)?|sad(?:ness)?|fear(?:ful)?|scared|"
    r"anx(?:iety|ious)|guilt(?:y)?|disgust(?:ed)?|dis|sur(?:prise|prised)?|neu(?:tral)?|calm|"
    r"contempt|pain|pride|proud|shame|positive|negative|pos|neg)[\s_\d-]*"
)


def is_emotion(word: str) -> bool:
    """Say whether a word is one that is often used for an emotion."""
    return _EMOTION.fullmatch(word) is not None


def check_people(owners: Mapping[str, str]) -> list[dict[str, Any]]:
    """Warn where subjects look like no people; `owners` gives the subject of each clip."""
    return [*spanned_folders(owners), *_emotions(owners), *alike_subjects(owners.values())]


def spanned_folders(owners: Mapping[str, str]) -> list[dict[str, Any]]:
    """Warn where each subject has clips in the same folders: then these may be the people.

    Folders that are named for emotions are none.
    """
    for folders in _folders_by_level(owners):
        every = set().union(*folders.values())
        shared = sum(len(own) for own in folders.values()) / (len(every) * len(folders))
        if len(folders) < 2 or len(every) < 2 or shared < SAME_SHARE:
            continue
        if all(map(is_emotion, every)):
            continue
        text = (
            f"each of the subjects {some(sorted(folders), 3)} has clips in the same {len(every)} "
            f"folders ({some(sorted(every), 3)}): if these are the people, all of them stand in "
            "training and in test. Choose another data.naming."
        )
        return [warning("subject_spans_folders", len(every), text)]
    return []


def _folders_by_level(owners: Mapping[str, str]) -> list[dict[str, set[str]]]:
    """Give each subject's folders, for each depth at which all clips have one."""
    levels: list[dict[str, set[str]]] = []
    for clip, owner in owners.items():
        parents = clip.replace("\\", "/").split("/")[:-1]
        if len(parents) < len(levels) or not levels:
            levels = levels[: len(parents)] or [defaultdict(set) for _ in parents]
        for level, folder in zip(levels, parents, strict=False):
            level[owner].add(folder)
        if not levels:
            return []
    return levels


def _emotions(owners: Mapping[str, str]) -> list[dict[str, Any]]:
    subjects = sorted(set(owners.values()))
    if len(subjects) < 2 or not all(map(is_emotion, subjects)):
        return []
    text = (
        f"the subjects are called {some(subjects)}, which are emotions. Choose another data.naming."
    )
    return [warning("subject_is_emotion", len(subjects), text)]


def alike_subjects(subjects: Iterable[str]) -> list[dict[str, Any]]:
    """Warn of subjects that differ in case, blanks or leading zeros alone: they may be one."""
    alike: dict[str, set[str]] = defaultdict(set)
    for name in subjects:
        alike[_NUMBER.sub(lambda digits: str(int(float(digits[0]))), folded(name))].add(name)
    found = [sorted(names) for names in alike.values() if len(names) > 1]
    if not found:
        return []
    text = (
        f"subjects that may be one person: {some([' and '.join(names) for names in found])}. They "
        "count as several, and may stand in training and in test; write one person in one way."
    )
    return [warning("alike_subjects", len(found), text)]
