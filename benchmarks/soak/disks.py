"""Fill the disk under outputs/, .local/ and mlruns/ in turn, or close it to writing.

Run as `python -m benchmarks.soak.disks`, as root on Linux: each folder becomes a file system in
memory of its own. It is so small that the pipeline runs against its end at random moments, or it is
mounted read-only. Seen to is that every command that fails says so in one line, without a
traceback, and that with room again the pipeline ends as if nothing had happened: see `kills`.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from throwaway import run

from benchmarks.soak.kills.project import copy_of, differences, make_project, result, up_to

FOLDERS = ("outputs", ".local", "mlruns")
STAGES = ("prepare", "evaluate")  # from what on: with nothing done, with a model


def possible() -> bool:
    """Tell whether file systems can be mounted here."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as name:
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", name], capture_output=True, check=False
        )
        if not tried.returncode:
            subprocess.run(["umount", name], check=True)
    return not tried.returncode


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Put what a folder holds on a file system of its own for the length of the block."""
    aside = folder.with_name(f"{folder.name} aside")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, aside, symlinks=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)], check=True)
    try:
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(aside)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change the size of the file system of a folder, or whether it may be written to."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def size_of(folder: Path) -> int:
    """Give the bytes that the files of a folder take, in whole pages."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(-(-size // 4096) * 4096 for size in sizes)


def unclear(output: str) -> list[str]:
    """List what a person should not have to read."""
    errors = [line for line in output.splitlines() if line.startswith("error:")]
    traces = [line for line in output.splitlines() if line.startswith("Traceback")]
    return traces + (errors if len(errors) > 1 else [])


def one(project: Path, folder: str, options: str) -> tuple[int, list[str]]:
    """Run the pipeline on such a file system; give the exit code and what was unclear."""
    remount(project / folder, options)
    done = run(project, "dvc", "repro", check=False)
    output = done.stdout + done.stderr
    told = [line for line in output.splitlines() if line.startswith(("error:", "warning unsent"))]
    print(f"  {folder} {options}: exit {done.returncode}: {told[-1][:150] if told else ''}")
    return done.returncode, unclear(output)


def campaign(folder: Path, times: int, rng: random.Random) -> bool:
    """Run against the end of each folder's disk so often; tell whether all ended well."""
    made = make_project(folder / "project")  # of one commit, which names the runs
    begun = {stage: up_to(copy_of(made, folder / stage), stage) for stage in STAGES}
    undisturbed = copy_of(begun["prepare"], folder / "undisturbed")
    expected = result(undisturbed)
    well, number = True, 0
    for name in FOLDERS:
        whole = size_of(undisturbed / name)
        for turn in range(times):
            stage = rng.choice(STAGES)
            number += 1
            project = copy_of(begun[stage], folder / f"full_{number}")
            with mounted(project / name):
                size = size_of(project / name) + int(rng.uniform(0.02, 0.98) * whole)
                options = "ro" if turn == 0 else f"size={max(size, 8192)}"
                code, bad = one(project, name, options)
                remount(project / name, "rw,size=1g")
                differing = differences(expected, result(project))
            print(f"{name} {stage} {options}: exit {code}, differs in {differing or 'nothing'}")
            for line in bad:
                print(f"  unclear: {line}")
            well = well and not bad and not differing
            sys.stdout.flush()
            shutil.rmtree(project, ignore_errors=True)
    return well


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=4, help="of each folder, one of it read-only")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not possible():
        print("no file system can be mounted here (it takes root on Linux): nothing was tried")
        return
    with tempfile.TemporaryDirectory() as name:
        if not campaign(Path(name), options.times, random.Random(options.seed)):
            raise SystemExit("a full or closed disk was not told clearly, or did damage")
    print(f"{options.times} disks under each of {', '.join(FOLDERS)}: told in a line, no damage")


if __name__ == "__main__":
    main()
