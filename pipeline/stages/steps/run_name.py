"""Name a training's run for what it is: its recipe, and what differs from the committed params."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.settings import params
from pipeline.settings.repository import git
from pipeline.settings.schema import Params
from pipeline.tracking.provenance import BASELINE, EXPERIMENT

MOST = 5  # differences that a name has room for
LONGEST = 24  # characters of a value
SHORT = {"learning_rate": "lr", "batch_size": "batch"}
FIRST = ("recipe.", "train.")  # sections that are tuned, and are left out of a key


def run_name(recorded: Mapping[str, Any]) -> str:
    """Name the run of a training with these settings, `Params.flat` or a part of it.

    `improved lr=0.003 seed=8 (murky-aunt)` within a DVC experiment of that name; `improved
    3f5ebaf` where nothing differs from the commit, `improved` outside git.
    """
    commit = os.environ.get(BASELINE) or "HEAD"
    words = [recorded["recipe"], *_differences(params.committed(commit), recorded)]
    if len(words) == 1 and (found := git(Path(), "rev-parse", "--short", commit)).returncode == 0:
        words.append(found.stdout.strip())
    if experiment := os.environ.get(EXPERIMENT):
        words.append(f"({experiment})")
    return " ".join(words)


def _differences(before: Params | None, recorded: Mapping[str, Any]) -> list[str]:
    if before is None:
        return []
    then = _with_choices(before, recorded).flat() | {"data.naming": before.data.naming}
    unlike = {
        key: value
        for key, value in recorded.items()
        if key != "recipe" and (key not in then or then[key] != value)
    }
    unlike |= dict.fromkeys(_gone(then, recorded), "none")
    keys = sorted(unlike, key=lambda key: (not key.startswith(FIRST), key.endswith("seed")))
    told = [f"{label_of(key)}={_value(unlike[key])}" for key in keys]
    return [*told[:MOST], f"+{len(told) - MOST} more"] if len(told) > MOST else told


def _gone(then: Mapping[str, Any], recorded: Mapping[str, Any]) -> list[str]:
    """List what the same sections held, such as a rule, and hold no more in any form."""
    sections = {key.partition(".")[0] for key in recorded}
    still = recorded.keys() - {"recipe"}  # a name, not the whole of `recipe.hidden` and so on
    return [
        key
        for key in then
        if key not in recorded
        and key.partition(".")[0] in sections
        and not any(_within(key, other) or _within(other, key) for other in still)
    ]


def _within(key: str, other: str) -> bool:
    return key.startswith(f"{other}.")


def _with_choices(before: Params, recorded: Mapping[str, Any]) -> Params:
    """Let the committed values be those of the recipe and the naming that are chosen now."""
    update: dict[str, Any] = {}
    recipe, naming = recorded["recipe"], recorded["data.naming"]
    if recipe in before.recipes:
        update["recipe"] = recipe
    if naming in before.naming:
        update["data"] = before.data.model_copy(update={"naming": naming})
    return before.model_copy(update=update)


def label_of(key: str) -> str:
    """Shorten the key of a parameter, as names have it."""
    for section in FIRST:
        key = key.removeprefix(section)
    return SHORT.get(key, key)


def _value(value: Any) -> str:
    text = "-".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
