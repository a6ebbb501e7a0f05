"""Run two queued experiments in parallel, time after time; count the runs that they leave.

Run as `python -m benchmarks.soak.experiments`. Every experiment must leave one FINISHED run.
"""

import argparse
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from patience import runs_still, wait_for
from throwaway import commit, make_clone, run, set_params

SMALL = {
    "demo.subjects": 5,
    "demo.frames_per_clip": 12,
    "recipes.improved.epochs": 3,
}


def two_at_once(project: Path, seeds: tuple[int, int]) -> None:
    """Queue two experiments, run them at the same time and wait for their end."""
    for seed in seeds:
        run(project, "dvc", "exp", "run", "--queue", "-S", f"train.seed={seed}", "train")
    run(project, "dvc", "queue", "start", "--jobs", "2")
    wait_for(lambda: workers(project) or not unfinished(states(project)))
    work_goes_on = True
    while unfinished(shown := states(project)):
        # What a worker leaves that ends, no other takes up. They may have ended since that look.
        if not work_goes_on:
            raise SystemExit(f"DVC's queue has lost its workers:\n{shown}")
        work_goes_on = workers(project)
        time.sleep(3)  # each look takes a second of a processor that the two need
    if shown.count("Success") < 2 or "Failed" in shown:
        raise SystemExit(f"an experiment failed:\n{shown}")


def unfinished(shown: str) -> bool:
    """Tell whether a queue, as DVC shows it, has something to do."""
    return "Running" in shown or "Queued" in shown


def workers(project: Path) -> bool:
    """Tell whether a process that works on the queue lives; a busy one answers DVC too late."""
    noted = (project / ".dvc/tmp/exps/celery").glob("dvc-exp-worker-*.pid")
    return any(runs_still(int(path.read_text())) for path in noted)


def states(project: Path) -> str:
    return run(project, "dvc", "queue", "status").stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as name:
        project = make_clone(Path(name) / "project")
        set_params(project, SMALL)
        commit(project, "small")
        run(project, "dvc", "repro", "weigh")
        commit(project, "data")
        for number in range(times):
            two_at_once(project, (100 + 2 * number, 101 + 2 * number))
            with closing(sqlite3.connect(project / "mlflow.db")) as store:
                statuses = [row[0] for row in store.execute("select status from runs")]
            print(f"{2 * number + 2} experiments: {dict(Counter(statuses))}", flush=True)
            if statuses != ["FINISHED"] * (2 * number + 2):
                raise SystemExit("an experiment left no finished run, or more than one")


if __name__ == "__main__":
    main()
