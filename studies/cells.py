"""Ask one model about some people, keep what it says, and compute nothing twice.

A cell is told by the hash of all that decides it: model, settings, people, seed, data, code,
libraries. Its predictions are one file below outputs/studies/cells, written whole or not at all:
a study that was killed goes on where it was, and two studies share what both ask.
"""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.frames import as_matrix
from pipeline.data.reading.parallel import run_all
from pipeline.errors import InputError, naming
from pipeline.evaluation import baselines
from pipeline.settings import paths
from pipeline.settings.schema import Params
from pipeline.settings.workers import workers
from pipeline.stages.steps.training import hashes_of_start
from pipeline.tracking.provenance import PACKAGES, file_md5, version_of
from studies.frames import Whole, load_whole
from studies.learners import baseline, classic, network
from studies.learners.task import Answer, Array, Learner, Task
from studies.own_clips import with_few_clips
from studies.people import Part

PLACE = " place"  # a column beside the emotions, whatever these are called
CELLS = paths.OUTPUTS / "studies/cells"
PACKAGE = Path(__file__).parents[1]
# The code that decides what models say; a test holds them to what the learners import.
EVERY_PART = (
    *("pipeline/data/action_units.py", "pipeline/data/features", "pipeline/data/frames.py"),
    *("pipeline/data/labels/facs_rules.py", "pipeline/data/names/dealing.py"),
    *("pipeline/evaluation/baselines", "pipeline/evaluation/resampling"),
    *("pipeline/evaluation/scoring", "pipeline/stages/steps/training.py"),
    *("studies/frames.py", "studies/learners", "studies/own_clips.py"),
)
NETWORK_PARTS = ("pipeline/model", "pipeline/stages/weigh.py")
LEARNERS: dict[str, Learner] = {
    baselines.NETWORK: network.learn,
    baselines.CONSTANT: baseline.constant,
    baselines.LOGISTIC: baseline.logistic,
    baselines.RULE: baseline.rule,
    **{name: partial(classic.learn, name) for name in classic.NAMES},
}
# Settings that decide what a network says: no others tell its cells apart.
READ_BY_NETWORK = ("features.", "recipe.", "train.", "weigh.", "evaluate.positive_at")
_READ_BY_OTHERS = ("features.", "evaluate.positive_at", "label.rules", "recipe.divisors")
_ALONE = threading.Lock()  # a cluster's worker may have threads; TensorFlow's seed is the process's


@dataclass(frozen=True)
class Cell:
    """A model, the people it learns from and is asked about, and its seed.

    With `own_clips` each person is asked about once for each of these numbers, as people who bring
    so many clips.
    """

    learner: str
    settings: Params
    part: Part
    seed: int
    labels: Path = paths.LABELS
    own_clips: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """The hash of what decides the predictions."""
        read = READ_BY_NETWORK if self.learner == baselines.NETWORK else _READ_BY_OTHERS
        values = {k: v for k, v in self.settings.flat().items() if k.startswith(read)}
        values.pop("train.seed", None)  # the cell's own counts
        files = paths.FRAMES, self.labels
        decided = [self.learner, values, vars(self.part), self.seed, [*map(file_md5, files)]]
        decided.append(self.own_clips)
        if self.learner == baselines.NETWORK:
            decided.append(hashes_of_start(self.settings))
        text = json.dumps([*decided, code(self.learner)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Said:
    """What a model said: probabilities (rows, emotions) of the rows at `places` of the table.

    Of a cell with `own_clips`: of all its rows, once for each number.
    """

    places: NDArray[np.int64]
    predicted: Array
    validation_places: NDArray[np.int64]
    validation: Array
    notes: dict[str, Any]


def cell_of(
    learner: str, settings: Params, part: Part, seed: int, labels: Path = paths.LABELS
) -> Cell:
    """Make a cell; one that no seed changes is the same for all seeds.

    Raises `InputError` for a model that is not there.
    """
    if learner not in LEARNERS:
        raise InputError(f"learners has {learner!r}; allowed are {', '.join(LEARNERS)}.")
    if learner != baselines.NETWORK or settings.train.members > 1:
        # One network alone needs others to tell it when to stop.
        part = Part(tuple(sorted((*part.train, *part.validation))), (), part.test)
    if learner != baselines.NETWORK:
        seed = seed if learner in classic.DRAWING else 0
    return Cell(learner, settings, part, seed, labels)


def code(learner: str) -> dict[str, str]:
    """Hash the code that makes the predictions, and name the libraries' versions."""
    parts = EVERY_PART if learner != baselines.NETWORK else NETWORK_PARTS + EVERY_PART
    files = [file for part in parts for file in _files(PACKAGE / part)]
    hashes = {file.relative_to(PACKAGE).as_posix(): file_md5(file) for file in files}
    return hashes | {name: version_of(name) for name in PACKAGES}


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def compute(cells: Iterable[Cell], jobs: int | None) -> list[Said]:
    """Compute what is not there yet, so many `jobs` at a time, and read all, in order.

    On a cluster as many at a time as fit. Raises `InputError` as `workers` does.
    """
    wanted = list(cells)
    missing = list({key: c for c in wanted if not (_place(key := c.key)).is_file()}.values())
    print(f"{len(wanted)} cells, {len(missing)} of them to be computed", flush=True)
    if missing:
        where = missing[0].settings.parallel  # all are of one params.yaml
        at_once = jobs if jobs and where.backend == "local" else -1
        with workers(where):
            done = run_all(compute_one, missing, at_once, ordered=False)
            for number, told in enumerate(done, 1):
                print(f"cell {number} of {len(missing)}: {told}", flush=True)
    return [read(cell) for cell in wanted]


def compute_one(cell: Cell) -> str:
    """Compute a cell and keep it; return what to call it."""
    for kind in ("INTRA", "INTER"):
        os.environ.setdefault(f"TF_NUM_{kind}OP_THREADS", "1")  # each process has a core
    place, whole = _place(cell.key), load_whole(cell.labels)
    test = whole.of(cell.part.test)
    frames, rows = with_few_clips(test, cell.own_clips, cell.seed)
    with _ALONE:
        answer = _ask(cell, whole, frames, place.with_suffix(".training"))
    places, predicted = np.resize(test.places, len(rows)), answer.predicted[rows]
    tested = len(places)
    if answer.validation is not None:
        decided = whole.of(cell.part.validation or cell.part.train)
        places = np.append(places, decided.places)
        predicted = np.concatenate([predicted, answer.validation])
    table = pa.table(list(predicted.T), names=list(whole.emotions))
    table = table.append_column(PLACE, pa.array(places))
    notes = {"notes": json.dumps(answer.notes), "tested": str(tested)}
    _write(table.replace_schema_metadata(notes), place)
    return f"{cell.learner} of {len(cell.part.train)} people, seed {cell.seed}"


def _ask(cell: Cell, whole: Whole, asked: pa.Table, folder: Path) -> Answer:
    """Ask about frames, of which the model gets no label."""
    folder.mkdir(parents=True, exist_ok=True)
    train, validation = whole.of(cell.part.train), whole.of(cell.part.validation)
    task = Task(cell.settings, whole.emotions, train, validation, asked, cell.seed, folder)
    return LEARNERS[cell.learner](task)


def _write(table: pa.Table, place: Path) -> None:
    draft = place.with_suffix(f".{os.getpid()}")
    with naming(draft):
        pq.write_table(table, draft)
    draft.replace(place)
    shutil.rmtree(place.with_suffix(".training"), ignore_errors=True)


def read(cell: Cell) -> Said:
    """Read what was kept of a cell."""
    table = pq.read_table(_place(cell.key))
    emotions = load_whole(cell.labels).emotions
    places, predicted = table[PLACE].to_numpy(), as_matrix(table, emotions)
    tested = int(table.schema.metadata[b"tested"])
    notes = json.loads(table.schema.metadata[b"notes"])
    return Said(places[:tested], predicted[:tested], places[tested:], predicted[tested:], notes)


def _place(key: str) -> Path:
    return CELLS / f"{key}.parquet"
