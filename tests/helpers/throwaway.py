"""Make a throwaway copy of this repository and run commands in it.

The copy is a git repository of its own with one commit, an empty DVC cache and no MLflow store,
so that a test can run the pipeline as somebody does who has just cloned it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
# The parameters that tests are written for; those of the root are their owner's to change.
PARAMS = ROOT / "tests" / "params.yaml"

# What a caller's shell or git hook may have set would lead commands out of the copy.
FOREIGN = ("GIT_", "DVC_", "MLFLOW_")

# A user's own git settings must not decide a test.
OWN_GIT = {
    "user.name": "Test",
    "user.email": "test@localhost",
    "commit.gpgSign": "false",
    "core.hooksPath": os.devnull,
}


def environment(**more: str) -> dict[str, str]:
    """Return the environment for commands in a copy: this Python first, nothing calls home."""
    own = {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", "")])
    return own | {"MLFLOW_DISABLE_TELEMETRY": "true", "DVC_NO_ANALYTICS": "true"} | more


def make_clone(target: Path) -> Path:
    """Copy all files that git tracks or would track into `target`, commit them and return it.

    With the parameters of the tests, and without what a project adds: data, models, results,
    remotes.
    """
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, run(ROOT, *listed).stdout.split("\0")):
        own = name.startswith("models/") and not name.startswith("models/untrained/")
        if own or name.startswith("data/") or name.endswith("dvc.lock"):
            continue
        if (ROOT / name).is_file():  # a deleted file is listed until its deletion is committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    shutil.copy(PARAMS, target / "params.yaml")
    (target / ".dvc/config").write_text("[core]\n    analytics = false\n    check_update = false\n")
    run(target, "git", "init", "--quiet", "--initial-branch=main", "--template=")
    for key, value in OWN_GIT.items():
        run(target, "git", "config", key, value)
    commit(target, "copy")
    return target


def commit(clone: Path, message: str) -> None:
    """Commit everything that changed."""
    run(clone, "git", "add", "--all")
    run(clone, "git", "commit", "--quiet", "--allow-empty", "--message", message)


def run(clone: Path, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy; with `check` raise AssertionError, with its output, if it fails.

    `python`, `dvc` and `mlflow` are those beside the Python that runs the tests.
    """
    own = environment()
    program = shutil.which(command[0], path=own["PATH"]) or command[0]
    done = subprocess.run(
        [program, *command[1:]], cwd=clone, env=own, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        output = f"{done.stdout}\n{done.stderr}"[-5000:]
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{output}")
    return done


def set_params(clone: Path, values: Mapping[str, Any]) -> None:
    """Change values of the copy's params.yaml by dotted key, such as `demo.subjects`.

    Raises KeyError where the file has no such key.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000  # lines stay as they are
    path = clone / "params.yaml"
    tree = yaml.load(path)
    for key, value in values.items():
        *parents, last = key.split(".")
        section = tree
        for part in parents:
            section = section[part]
        if last not in section:
            raise KeyError(key)
        section[last] = value
    yaml.dump(tree, path)
