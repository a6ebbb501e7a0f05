"""Find which files of the project a module runs: its imports, their imports, and so on."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BESIDE = (".py", ".jinja", ".css", ".js")

# What decides no byte of a stage's outputs: values come through `params`, for the schema has no
# defaults; what is recorded, and how an error is shown, is no output.
NEUTRAL = (
    "pipeline/settings/",
    "pipeline/tracking/",
    "pipeline/stages/steps/recording.py",
    "pipeline/stages/steps/run_name.py",
    "pipeline/errors.py",
    "pipeline/model/training/__init__.py",
)

DVC_FILES = ("demo/dvc.yaml", "dvc.yaml")


def stages(root: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Give every stage of the project by name; what is done for each of several, once."""
    trees = [yaml.safe_load((root / name).read_text())["stages"] for name in DVC_FILES]
    return {name: stage.get("do", stage) for tree in trees for name, stage in tree.items()}


def made_by(stage: Mapping[str, Any]) -> list[str]:
    """List what a stage makes."""
    listed = [out for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])]
    return [next(iter(out)) if isinstance(out, dict) else out for out in listed]


def files_of(module: str, *, beyond: tuple[str, ...] = ()) -> set[str]:
    """List the project's files, relative to its root, that running `module` may execute.

    Files whose paths begin with one of `beyond` are left out, and so is what only they import.
    """
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        file = path.relative_to(ROOT).as_posix() if path else ""
        if path is None or file in seen or file.startswith(beyond):
            continue
        seen.add(file)
        waiting += _parents(name) + _imported(path)
        seen |= _named_beside(path)
    return seen


def deciding_files(stage: str) -> set[str]:
    """List the files that may decide the bytes of a stage's outputs."""
    found = files_of(f"pipeline.stages.{stage}", beyond=NEUTRAL)
    return {file for file in found if not is_bare(ROOT / file)}


def deciding(dep: str) -> set[str]:
    """List the files of a dependency, itself or all below it, that may decide bytes."""
    path = ROOT / dep
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    named = {file.relative_to(ROOT).as_posix(): file for file in files if file.suffix in BESIDE}
    return {
        name for name, file in named.items() if not name.startswith(NEUTRAL) and not is_bare(file)
    }


def is_bare(path: Path) -> bool:
    """Tell whether a module holds nothing but its docstring."""
    if path.name != "__init__.py":
        return False
    return all(isinstance(node, ast.Expr) for node in ast.parse(path.read_text()).body)


def imports_of(path: Path) -> set[str]:
    """List the top-level packages that a file imports, inside functions as well."""
    if path.suffix != ".py":
        return set()
    return {name.split(".")[0] for name in _imported(path)}


def _file(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


@cache
def _imported(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from x import y` imports a module, `from x.y import f` only x.y.
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and str(node.value).startswith("pipeline."):
            found.append(str(node.value))  # a module that runs in a process of its own
    return found


@cache
def _named_beside(path: Path) -> set[str]:
    """List files that a module names by a string, such as the template of a page."""
    if path.suffix != ".py":
        return set()
    strings = {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = (text for text in strings if text.endswith(BESIDE) and "/" not in text)
    beside = (path.parent / text for text in named)
    return {file.relative_to(ROOT).as_posix() for file in beside if file.is_file()}
