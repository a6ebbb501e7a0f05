"""Bring the data of a run into the copy of the repository, and hold it to the recorded hashes."""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from pipeline.errors import InputError
from pipeline.reproduction.checkout import Project
from pipeline.reproduction.replay import own_stages
from pipeline.settings.repository import dvc, git

DATA, START = (
    ("data", "path"),
    ("train", "start_from"),
)  # keys of params.yaml that name what is read
FEW = 5  # hashes named where many are missing
MEMBER = re.compile(r"^md5: (\w+(?:\.dir)?)$", re.MULTILINE)  # as `dvc pull` names what it lacks

REMOTE = re.compile(r"remote\.(?P<name>.+)\.url=(?P<url>.+)")  # in DVC's list of settings


def bring(
    main: Project, copy: Project, hashes: Mapping[str, str], key: tuple[str, str] = DATA
) -> str:
    """Bring what a key of params.yaml names, where neither git nor a stage makes it.

    Give that path; "" where the run's params.yaml has no such key. Raises `InputError` where it is
    gone, with the hash of what DVC tracked.
    """
    section, name = key
    path = str(_read(copy.folder / "params.yaml").get(section, {}).get(name, ""))
    if not path:
        return path
    if any(_overlap(path, out) for out in outputs(copy)):
        return path  # the pipeline makes it
    here, there = main.folder / path, copy.folder / path
    tracked = [
        file for file in _dvc_files(copy) if any(_overlap(p, path) for p in _outs(copy, file))
    ]
    if tracked:
        _pull(main, copy, tracked)
    if there.exists() and path in hashes and path not in changed(copy, hashes):
        return path  # all of it; what stands beside it today was not there then
    if here.resolve().is_relative_to(main.top) and not Path(path).is_absolute():
        _link(here, there, [copy.folder / out for file in tracked for out in _outs(copy, file)])
    if not there.exists():
        raise InputError(
            f"params.yaml of the run: {section}.{name} is {path}, which is not there. Bring back "
            f"what the run read, at {here}."
        )
    return path


def outputs(project: Project) -> set[str]:
    """List the paths that the stages of a project make, in whichever dvc.yaml they stand."""
    names = git(project.folder, "ls-files", "-z", "--", "dvc.yaml", "*/dvc.yaml").stdout
    return {path for name in filter(None, names.split("\0")) for path in _made(project, Path(name))}


def _made(project: Project, file: Path) -> Iterator[str]:
    """Give what the stages of a dvc.yaml make, relative to the project."""
    for stage in _read(project.folder / file).get("stages", {}).values():
        base = file.parent / stage.get("wdir", ".")
        for out in (out for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])):
            name = next(iter(out)) if isinstance(out, dict) else out
            yield Path(os.path.normpath(base / name)).as_posix()


def changed(copy: Project, hashes: Mapping[str, str]) -> list[str]:
    """List the paths that a run read and that hold something else in the copy, in DVC's eyes.

    What the stages make is left out: it is not there yet. Stages for each of several (`foreach`)
    read data of their own, which no run was trained or evaluated on.
    """
    given = {path: md5 for path, md5 in hashes.items() if path not in outputs(copy)}
    entries = [{"path": path, "hash": "md5", "md5": md5} for path, md5 in given.items()]
    stages = own_stages(copy.folder)
    lock = {name: {"cmd": "", "deps": entries} for name in stages}
    content = {"schema": "2.0", "stages": lock}
    (copy.folder / "dvc.lock").write_text(yaml.safe_dump(content), encoding="utf-8")
    done = dvc(copy.folder, "status", "--json", *stages)
    (copy.folder / "dvc.lock").unlink()
    if done.returncode:
        raise InputError(f"DVC cannot read the pipeline of the run: {done.stderr.strip()}")
    found = {path for path, state in _differing(done.stdout) if state != "new"}
    return sorted(found & given.keys())


def _differing(status: str) -> Iterator[tuple[str, str]]:
    for parts in json.loads(status).values():
        for part in parts:
            if isinstance(part, dict):
                yield from part.get("changed deps", {}).items()


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _overlap(one: str, other: str) -> bool:
    a, b = PurePosixPath(one), PurePosixPath(other)
    return a.is_relative_to(b) or b.is_relative_to(a)


def _dvc_files(copy: Project) -> list[Path]:
    """List what `dvc add` and `dvc import` left in git, relative to the project."""
    names = git(copy.folder, "ls-files", "-z", "--", "*.dvc").stdout.split("\0")
    return [Path(name) for name in names if name and (copy.folder / name).is_file()]


def _outs(copy: Project, file: Path) -> dict[str, str]:
    """Read what a `.dvc` file tracks: md5 by path, relative to the project."""
    content = _read(copy.folder / file)
    base = file.parent / content.get("wdir", ".")
    return {(base / out["path"]).as_posix(): str(out.get("md5")) for out in content["outs"]}


def _pull(main: Project, copy: Project, files: list[Path]) -> None:
    """Check tracked data out of the main repository's cache, else of its remote."""
    _share_cache(main, copy)
    outs = {path: md5 for file in files for path, md5 in _outs(copy, file).items()}
    names = [file.as_posix() for file in files]
    done = dvc(copy.folder, "checkout", *names)
    if done.returncode or _lost(copy, outs):
        done = dvc(copy.folder, "pull", *names)
    lost = _lost(copy, outs)
    if done.returncode or lost:
        whole = [f"{path} (md5 {md5})" for path, md5 in outs.items()]
        lacking = sorted({*MEMBER.findall(done.stdout + done.stderr), *lost})
        more = " ..." if len(lacking) > FEW else ""
        named = f"; missing {len(lacking)}: {', '.join(lacking[:FEW])}{more}" if lacking else ""
        raise InputError(
            f"The data of the run is neither in DVC's cache nor in its remote: {', '.join(whole)}"
            f"{named}. Add the remote that has it (`dvc remote add`), or `dvc add` the same files "
            f"again.\nDVC says: {_last_error(done.stderr)}"
        )


def _lost(copy: Project, paths: Iterable[str]) -> list[str]:
    """List the md5 of links into the cache that lead nowhere: DVC links without a look."""
    places = [copy.folder / path for path in paths]
    links = [part for place in places for part in (place, *place.rglob("*")) if part.is_symlink()]
    targets = [link.readlink() for link in links if not link.exists()]
    return [f"{target.parent.name}{target.name}" for target in targets]


def _last_error(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith("ERROR")]
    return lines[-1] if lines else output.strip()[-500:]


def _share_cache(main: Project, copy: Project) -> None:
    """Point DVC in the copy at the main repository's cache and remotes, as they are today."""
    for name in ("config", "config.local"):
        if (source := main.folder / ".dvc" / name).is_file():
            shutil.copy(source, copy.folder / ".dvc" / name)
    cache = dvc(main.folder, "cache", "dir").stdout.strip()
    dvc(copy.folder, "config", "--local", "cache.dir", cache)
    # Links: the data may be large, and nothing writes to it.
    dvc(copy.folder, "config", "--local", "cache.type", "reflink,symlink,copy")
    # As DVC resolves them: a relative address would lead into the copy.
    for line in dvc(main.folder, "config", "--list").stdout.splitlines():
        if (found := REMOTE.fullmatch(line)) and Path(found["url"]).is_absolute():
            dvc(copy.folder, "remote", "modify", "--local", found["name"], "url", found["url"])


def _link(here: Path, there: Path, tracked: list[Path]) -> None:
    """Link what the copy lacks: all of a folder, or the parts that neither git nor DVC holds."""
    if not here.exists() or any(there.is_relative_to(path) for path in tracked):
        return
    if not there.exists():
        there.parent.mkdir(parents=True, exist_ok=True)
        there.symlink_to(here.resolve())
    elif here.is_dir() and there.is_dir() and not there.is_symlink():
        for part in here.iterdir():
            _link(part, there / part.name, tracked)
