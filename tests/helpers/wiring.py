"""Find which files of the project a module runs: its imports, their imports, and so on."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BESIDE = (".py", ".jinja", ".css")


def files_of(module: str) -> set[str]:
    """List the project's files, relative to its root, that running `module` may execute."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None or path.relative_to(ROOT).as_posix() in seen:
            continue
        seen.add(path.relative_to(ROOT).as_posix())
        waiting += _parents(name) + _imported(path)
        seen |= _named_beside(path)
    return seen


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
            # `from pipeline import paths` imports a module, `from x.y import f` only x.y.
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


@cache
def _named_beside(path: Path) -> set[str]:
    """List files that a module names by a string, such as the template of a page."""
    strings = {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = (text for text in strings if text.endswith(BESIDE) and "/" not in text)
    beside = (path.parent / text for text in named)
    return {file.relative_to(ROOT).as_posix() for file in beside if file.is_file()}


def write_deps() -> None:
    """Bring the files of the project that dvc.yaml lists for each stage up to date."""
    path = ROOT / "dvc.yaml"
    lines: list[str] = []
    stage, listing, deeper = "", False, ""
    for line in path.read_text().splitlines():
        if line.startswith("  ") and line[2] not in " -#" and line.endswith(":"):
            stage = line.strip(" :")
        if listing and line.startswith(f"{deeper}- pipeline/"):
            continue
        lines.append(line)
        if line.strip() == "deps:":  # deeper where a stage is made for each of several
            listing, deeper = True, line.replace("deps:", "  ")
            lines += [f"{deeper}- {file}" for file in sorted(files_of(f"pipeline.stages.{stage}"))]
        else:
            listing = listing and line.startswith(f"{deeper}- ")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_deps()
