"""Kill a stage with SIGKILL at random moments; see that all ends as if nothing had happened.

Run as `python -m benchmarks.soak.kills --stage train`, or another stage, `promote` or `all`. The
stage, started by `dvc repro`, is killed up to four times and started again each time; then the
pipeline is run to its end, the model is promoted, and all is compared with what was not disturbed:
every file under outputs/ byte by byte, one MLflow run that has ended, with every metric of every
epoch, one whole model, one champion. Training is hit at the moments named below, the others at any.
"""

import argparse
import random
import shutil
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

from throwaway import environment, run

from benchmarks import ROOT
from benchmarks.soak.kills.project import (
    EPOCHS,
    command,
    copy_of,
    differences,
    make_project,
    mend_locks,
    result,
    up_to,
)

KILLER = ROOT / "benchmarks/soak/kills/killer"
IN_A_ROW = 4  # kills
STAGES = ("prepare", "label", "train", "evaluate", "promote")
# What is hit: module, function, the last of its calls, and at most how many seconds later.
MOMENTS = {
    "start of an epoch": ("model.training.steps", "Steps.__call__", EPOCHS, 0.0),
    "within an epoch": ("model.training.steps", "Steps.__call__", EPOCHS, 0.1),
    "writing the state": ("model.training.resume", "_write", EPOCHS, 0.004),
    "writing the model": ("model.training.saving", "save_model", 1, 0.1),
    "writing the journal": ("tracking.outbox.journal", "Journal.append", EPOCHS, 0.0005),
    "noting what was sent": ("tracking.outbox.journal", "Journal.note_sent", 25, 0.0),
    "sending": ("tracking.outbox.entries", "Remote.write", 25, 0.01),
    "logging the model": ("tracking.store.logged_model", "log_model", 1, 0.3),
    "setting out": ("tracking.resumable", "_run_of", 1, 0.5),
    "writing the result": ("tracking.resumable", "Training.finish", 1, 0.0),
}


def draw(stage: str, seconds: float, rng: random.Random) -> tuple[str, str]:
    """Draw a moment of a stage that lasts so long: what is hit, and KILL_AT as the killer reads it.

    See `benchmarks/soak/kills/killer`.
    """
    if stage != "train":
        return "at any moment", f"{rng.uniform(0, seconds):.3f}"
    what = rng.choice(list(MOMENTS))
    module, function, calls, most = MOMENTS[what]
    call, later = rng.randint(1, calls), rng.uniform(0, most)
    return what, f"pipeline.{module}:{function}:{call}:{later:.5f}"


def kill_once(project: Path, stage: str, moment: str) -> bool:
    """Run a stage; tell whether it was killed."""
    mend_locks(project)
    own = environment(PYTHONPATH=str(KILLER), KILL_AT=moment, KILL_STAGE=stage)
    program, *arguments = command(stage)
    done = subprocess.run(
        [shutil.which(program, path=own["PATH"]) or program, *arguments],
        cwd=project,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    if done.returncode not in (0, -9) and "exited with -9" not in output:
        raise SystemExit(f"{stage} failed otherwise than by a kill:\n{output}")
    return bool(done.returncode)


def attempts(project: Path, stage: str, seconds: float, rng: random.Random, kills: int) -> int:
    """Kill a stage up to so many times; return how often it was killed before it ended."""
    for number in range(kills):
        what, moment = draw(stage, seconds, rng)
        hit = kill_once(project, stage, moment)
        print(f"  {what:25s} {moment:70s} {'killed' if hit else 'ended before'}", flush=True)
        if not hit:
            return number
    return kills


def campaign(folder: Path, stage: str, kills: int, rng: random.Random) -> bool:
    """Kill a stage until so many kills are survived; tell whether all ended as one should."""
    template = up_to(make_project(folder / "template"), stage)
    undisturbed, began = copy_of(template, folder / "undisturbed"), time.monotonic()
    run(undisturbed, *command(stage))
    seconds, expected = time.monotonic() - began, result(undisturbed)
    survived, equal = 0, True
    for number in count():
        if survived >= kills:
            break
        project = copy_of(template, folder / f"killed_{number}")
        hits = attempts(project, stage, seconds, rng, min(IN_A_ROW, kills - survived))
        differing = differences(expected, result(project))
        survived, equal = survived + hits, equal and not differing
        print(f"{stage} {number}: {hits} kills, differs in {differing or 'nothing'}", flush=True)
        if not differing:
            shutil.rmtree(project)
    return equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=[*STAGES, "all"], default="train")
    parser.add_argument("--kills", type=int, default=20, help="of each stage")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for stage in STAGES if options.stage == "all" else [options.stage]:
        with tempfile.TemporaryDirectory() as name:
            rng = random.Random(options.seed)
            if not campaign(Path(name), stage, options.kills, rng):
                raise SystemExit(f"{stage}, killed, ended otherwise than undisturbed")
        print(f"{stage}: {options.kills} kills, seed {options.seed}: all ended as undisturbed")


if __name__ == "__main__":
    main()
