"""Read params.yaml, check it as a whole and hand it out typed and frozen; its only reader.

Every key must be known and every value in its range (see `pipeline.settings.schema`) before any
stage computes. The first problem is reported with file, key path, value, what is allowed and
the nearest known key. A study's own parameters are read the same way, by a schema of their own.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.settings.repository import git
from pipeline.settings.schema import Params
from pipeline.settings.yaml_text import BadYamlError, parse

Sections = TypeVar("Sections", bound=BaseModel)


def load(path: Path = paths.PARAMS) -> Params:
    """Read and check the parameters.

    Raises `InputError` where the file is missing, is not YAML, or breaks the schema.
    """
    return load_as(Params, path)


def load_as(schema: type[Sections], path: Path) -> Sections:
    """Read and check a file by another schema than that of params.yaml; otherwise as `load`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run from the repository root.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason}. Save it as UTF-8.") from None
    return _read_as(schema, text, path)


def read(text: str, path: Path) -> Params:
    """Check the text of a params.yaml; raises `InputError`, which names `path`."""
    return _read_as(Params, text, path)


def _read_as(schema: type[Sections], text: str, path: Path) -> Sections:
    try:
        tree = parse(text)
    except BadYamlError as error:
        raise InputError(f"{path}, {error}.") from None
    return _checked(schema, tree, path)


def _checked(schema: type[Sections], tree: Any, path: Path) -> Sections:
    try:
        # Through JSON, so that a strict schema accepts a list where it wants a tuple.
        return schema.model_validate_json(json.dumps(tree, default=str))
    except ValidationError as error:
        raise InputError(_explain(schema, path, _joined(error.errors()))) from None


def with_values(settings: Params, values: Mapping[str, Any], said_in: Path) -> Params:
    """Give the parameters with other values under dotted keys, such as `train.batch_size`.

    `recipe.<key>` is that of the recipe in use. Raises `InputError`, which names `said_in`.
    """
    tree = settings.model_dump(mode="json")
    for key, value in sorted(values.items()):  # `recipe` before `recipe.hidden`
        *parents, last = key.split(".")
        if parents[:1] == ["recipe"]:
            parents = ["recipes", tree["recipe"], *parents[1:]]
        section = tree
        for part in parents:
            if not isinstance(section.get(part), dict):
                section[part] = {}  # the schema tells what should stand there
            section = section[part]
        section[last] = value
    return _checked(Params, tree, said_in)


def committed(commit: str, path: Path = paths.PARAMS) -> Params | None:
    """Read the parameters of a commit; None where it has none that this version takes."""
    found = git(Path(), "show", f"{commit}:./{path}")
    try:
        return None if found.returncode else read(found.stdout, path)
    except InputError:
        return None


def _joined(problems: list[ErrorDetails]) -> ErrorDetails:
    """Give the first problem; where a word or a number may stand, with all that may."""
    first, where = problems[0], problems[0]["loc"][:-1]
    kinds = [one for one in problems if one["loc"] and one["loc"][:-1] == where]
    if not any(str(one["loc"][-1]).startswith("literal[") for one in kinds):
        return first
    word, *others = (one["msg"] for one in kinds)
    allowed = [word, *(text.removeprefix("Input should be ") for text in others)]
    return ErrorDetails(**first | {"loc": where, "msg": " or ".join(allowed)})


def _explain(schema: type[BaseModel], path: Path, problem: ErrorDetails) -> str:
    where = [str(part) for part in problem["loc"] if part != "[key]"]
    key = ".".join(where)
    if problem["type"] == "extra_forbidden":
        known = _known_keys(schema, where[:-1])
        allowed = f"{path}: {key} is unknown; allowed here are {', '.join(known)}."
        return allowed + _near(where[-1], known)
    if problem["type"] == "missing":
        return f"{path}: {key} is missing; add it as this version's own params.yaml has it."
    if problem["type"] == "string_type":
        return f"{path}: {key} is {problem['input']!r}; text is allowed. Put it in quotes."
    allowed = problem["msg"].removeprefix("Value error, ").replace("a valid array", "a list")
    # pydantic names Python's types, and counts what somebody can count himself.
    allowed = re.sub("^(Input|String|Tuple|Dictionary) should", "it should", allowed)
    allowed = re.sub(r" after validation, not \d+$", "", allowed)
    if not key:
        return f"{path}: {allowed}."
    if isinstance(problem["input"], dict):
        return f"{path}: {key}: {allowed}."
    near = _near(str(problem["input"]), re.findall("'([^']+)'", allowed))
    return f"{path}: {key} is {problem['input']!r}; {allowed}.{near}"


def _near(given: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _known_keys(section: type[BaseModel], parents: list[str]) -> list[str]:
    """List the keys that a schema allows below a key path."""
    parts = iter(parents)
    for part in parts:
        annotation = section.model_fields[part].annotation
        if get_origin(annotation) is dict:
            next(parts)  # a name of the user's own, such as recipes.<name>
            annotation = get_args(annotation)[1]
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        section = annotation
    return list(section.model_fields)
