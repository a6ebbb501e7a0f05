"""Run every campaign, two at a time, and tell in one line each what it found.

Run as `python -m benchmarks.soak`, with names of campaigns to run those alone. What each prints is
in .local/soak/NAME.log; the lines, with the commit, are in .local/soak/summary.txt, too. A line
holds the name, `ok` or the exit code, elapsed and processor time (without that of processes which
a campaign detaches, as DVC's queue does) and the last line that it printed. Exit code 1 where any
failed.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from benchmarks import REAL, ROOT
from benchmarks.results import commit

FOLDER = ROOT / ".local/soak"
AT_ONCE = 2
# Real recordings, which are no part of this repository: what needs them is left out without them.
CLIPS, EXPRESSION = REAL / "ravdess/clips.csv", REAL / "expression"
# The longest first, so that none runs on alone at the end.
CAMPAIGNS = {
    **{
        f"kills-{stage}": ["benchmarks.soak.kills", f"--stage={stage}", "--kills=20"]
        for stage in ("train", "evaluate", "promote", "label", "prepare")
    },
    "disks": ["benchmarks.soak.disks", "--times=4"],
    "experiments": ["benchmarks.soak.experiments", "--times=10"],
    "coverage": ["benchmarks.soak.coverage"],
    "retraining": ["benchmarks.soak.retraining", "--seeds=10"],
    "promotions-server": ["benchmarks.soak.promotions", "--times=20", "--server"],
    "shuffled": ["benchmarks.soak.shuffled"],
    "fuzz": ["benchmarks.soak.fuzz", "--cases=10000"],
    "tests": ["pytest", "-m", "soak"],
    "promotions": ["benchmarks.soak.promotions", "--times=20"],
    "drift": ["benchmarks.soak.drift", *([f"--ravdess={CLIPS}"] if CLIPS.is_file() else [])],
}
if EXPRESSION.is_dir():
    CAMPAIGNS["shuffled-images"] = ["benchmarks.soak.shuffled", f"--data={EXPRESSION}"]
# Two campaigns have two cores: more threads would only be in each other's way.
ALONE = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")


@dataclass(frozen=True)
class Ended:
    """How a campaign ended: exit code, seconds elapsed and of processor, its last line."""

    name: str
    code: int
    elapsed: float
    processor: float
    figures: str

    def __str__(self) -> str:
        word = "ok" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.name}: {word}, {self.elapsed:.0f} s ({self.processor:.0f} s): {self.figures}"


def run(name: str, arguments: list[str]) -> Ended:
    """Run a campaign to its end, in a process of its own."""
    log, began = FOLDER / f"{name}.log", time.monotonic()
    with log.open("wb") as output:
        command = [sys.executable, "-m", *arguments]
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | ALONE, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)  # its children's processor time included
        process.returncode = os.waitstatus_to_exitcode(status)
    lines = log.read_text(errors="replace").split("\n")
    last = next((line.strip("= ") for line in reversed(lines) if line.strip()), "no output")
    elapsed, processor = time.monotonic() - began, used.ru_utime + used.ru_stime
    return Ended(name, process.returncode, elapsed, processor, last)


def run_all(campaigns: dict[str, list[str]]) -> list[Ended]:
    """Run campaigns, so many at once, and print each as it ends."""
    ended = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in as_completed(pool.submit(run, *one) for one in campaigns.items()):
            ended.append(future.result())
            print(ended[-1], flush=True)
    return ended


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CAMPAIGNS))
    names = parser.parse_args().names or list(CAMPAIGNS)
    if unknown := set(names) - set(CAMPAIGNS):
        parser.error(f"no campaign {', '.join(sorted(unknown))}; there are {', '.join(CAMPAIGNS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    ended = run_all({name: CAMPAIGNS[name] for name in names})
    failed = [one.name for one in ended if one.code]
    whole = f"{len(ended)} campaigns at {commit()} in {(time.monotonic() - began) / 60:.0f} minutes"
    told = f"{whole}; failed: {', '.join(failed) or 'none'}"
    (FOLDER / "summary.txt").write_text("\n".join([*map(str, ended), told, ""]))
    print(told)
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
