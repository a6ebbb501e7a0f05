"""Each benchmark once, at its smallest: what it measures is said by `make bench` and `make soak`.

In one module, for TensorFlow and MLflow are loaded once a process. That of `fuzz` is in
tests/data/test_fuzz.py. `kills` and `experiments` have none of their whole, for the smallest takes
minutes of processor time, in trainings by DVC. That the moments of the kills exist and are hit,
and that a queue which comes to nothing is noticed, is shown here.
"""

import argparse
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from apart import in_a_thread
from candidates import guesses, make_candidate
from throwaway import PARAMS

from benchmarks import (
    coverage,
    disks,
    drift,
    evaluation,
    experiments,
    ingest,
    kills,
    labels,
    openface_files,
    plain,
    prediction,
    promotions,
    retraining,
    scale,
    serving,
    shuffled,
    soak,
    tracking,
    training,
)
from benchmarks.load.clients import Answered, problem
from pipeline.drift.shift_test import DriftBounds
from pipeline.promotion.promote import promote
from pipeline.settings import params
from pipeline.settings.schema import Params
from pipeline.stages import demo

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def settings() -> Params:
    return params.load(PARAMS)


@pytest.fixture
def quick(settings: Params) -> Params:
    """The repository's parameters with a small network and one epoch."""
    recipe = settings.chosen.model_copy(update={"hidden": (4,), "dropout": (0.1,), "epochs": 1})
    recipes = settings.recipes | {settings.recipe: recipe}
    return settings.model_copy(update={"recipes": recipes})


def run(monkeypatch: pytest.MonkeyPatch, main: object, *arguments: str) -> None:
    """Call a benchmark's main as `python -m` does."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments])
    assert callable(main)
    main()


def test_labels_of_loop_and_stage_agree(monkeypatch, capsys):
    run(monkeypatch, labels.main, "--rows=20000", "--looped=50", "--rounds=1")
    assert "labels equal on 50 frames" in capsys.readouterr().out


def test_ingest_contenders_read_the_same_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    openface_files.write_folder(tmp_path / "few", 1, 15)
    files = sorted((tmp_path / "few").iterdir())
    assert len({contend(files) for contend in ingest.CONTENDERS.values()}) == 1
    assert Path.cwd() == ROOT


def test_scale_measures_every_stage(monkeypatch, capsys):
    run(monkeypatch, scale.main, "--sizes=0.009")
    told = capsys.readouterr().out
    assert [line.split(":")[0] for line in told.splitlines()[-3:]] == list(scale.STAGES)


@pytest.mark.parametrize("name", training.CONTENDERS)
def test_every_contender_trains_for_as_long_as_it_is_asked(name):
    assert training.rate(name, batch=32, frames=100, epochs=2) > 0


def test_training_is_compared_with_plain_fit(monkeypatch, capsys):
    rates = {"pipeline": 300.0, "plain fit": 100.0}
    monkeypatch.setattr(training, "CONTENDERS", dict.fromkeys(rates))
    monkeypatch.setattr(training, "measure", lambda name, *_: rates[name])
    run(monkeypatch, training.main, "--batches=32", "--rounds=2")
    told = capsys.readouterr().out
    assert told == "batch 32, frames/s: pipeline 300, plain fit 100; pipeline / plain fit 3.00\n"


def test_plain_script_learns_from_what_the_pipeline_reads(tmp_path, settings, monkeypatch, capsys):
    small = settings.demo.model_copy(update={"subjects": 6, "frames_per_clip": 10})
    demo.write(demo.generate(small), tmp_path)
    monkeypatch.setattr(plain, "time_pipeline", lambda _: (30.0, 12))
    monkeypatch.setattr(plain, "time_script", lambda folder: (60.0, _found_by(folder, capsys)))
    plain.compare(tmp_path, 1)
    told = capsys.readouterr().out
    assert re.match(r"180 frames: plain script 60.0 s \(\d+ epochs\), tracked", told)
    assert "dvc repro 30.0 s (12 epochs), ratio 0.50" in told


def _found_by(folder, capsys):
    plain.script(folder)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_prediction_is_set_beside_the_products_of_the_network(capsys):
    prediction.measure(0.003, calibrate=True)
    told = capsys.readouterr().out
    assert told.startswith("0.003 million frames calibrated: ")
    assert " rows/s, peak " in told
    assert " GFLOP), " in told


def test_serving_finds_no_wrong_answer_and_every_kind_refused(store, capsys):
    options = argparse.Namespace(clients=4, seconds=1, bodies=60)
    assert in_a_thread(lambda: serving.measure(store, options)) == 0
    told = capsys.readouterr().out
    assert "4 clients for 1 s: " in told
    assert " ms of processor time each), 0 errors; p50 " in told
    assert "0 not refused in a line" in told


def test_serving_notices_answers_that_are_wrong():
    is_right = serving.held_to(np.full((1, 6), 0.5))
    right = dict.fromkeys(serving.EMOTIONS, 0.5)
    assert is_right(json.dumps({"predictions": [right]}).encode())
    assert not is_right(json.dumps({"predictions": [right | {"fear": 0.51}]}).encode())
    assert not is_right(json.dumps({"predictions": [right, right]}).encode())
    for status, text in ((200, "{}"), (500, "{}"), (400, '{"message": "Traceback of"}')):
        assert problem(Answered("cut", status, text))
    assert problem(Answered("cut", 400, '{"message": "AU12_r: missing"}')) is None


def test_evaluation_measures_numbers_and_regression(monkeypatch, capsys):
    monkeypatch.setattr(evaluation, "RESAMPLES", 100)
    monkeypatch.setattr(evaluation, "SIZES", {1000: 100})
    evaluation.measure(1000)
    evaluation.measure_regression(1000)
    told = capsys.readouterr().out
    assert "1,000 rows, 7 test subjects" in told
    assert "fitted to 1,000 of 1,000 rows" in told


def test_coverage_counts_how_often_the_truth_is_held(capsys):
    truth = coverage.truths("plain", 0.3, subjects=200)
    shares = coverage.measure(5, "plain", 0.3, 3, truth)
    assert len(shares) == len(coverage.METRICS)
    assert all(0 <= share <= 1 for share in shares)


def test_drift_counts_alarms_of_new_people(settings, quick):
    bounds = DriftBounds(**settings.drift.model_dump())
    frames, _ = drift.demo(20, 16)
    found = drift.draw(frames, 6, 3, bounds)
    assert found.units == 3, "another unit is noticed"
    alarms = drift.predictions(quick, 1, 1, bounds)
    assert alarms["any"] in (0, 1)


def test_retraining_plays_its_three_cases(quick, monkeypatch):
    for name, people in {"MANY": 4, "VALIDATION": 3, "TEST": 4, "CROWD": 5, "EPOCHS": 1}.items():
        monkeypatch.setattr(retraining, name, people)
    once = retraining.train(quick, *(retraining.simulate(quick, 3, seed) for seed in (1, 2)), 1)
    monkeypatch.setattr(retraining, "train", lambda *_: once)  # a training takes two seconds
    found = retraining.one_seed(quick, 1)
    assert set(found) == set(retraining.WANTED)
    assert {outcome for outcome, *_ in found.values()} <= {"promoted", "kept", "refused"}
    assert np.isfinite([changes for _, *changes in found.values()]).all()


def test_shuffled_labels_are_judged_against_each_baseline(tmp_path, monkeypatch):
    for name, size in {"SUBJECTS": 8, "EPOCHS": 1}.items():
        monkeypatch.setattr(shuffled, name, size)
    shuffled.prepare(tmp_path, None, "expression")
    monkeypatch.chdir(tmp_path)
    claimed = shuffled.claims(1)
    assert len(claimed) == 3
    assert {claim for claim, _ in claimed.values()} <= {"better", "worse", "open"}


@pytest.mark.usefixtures("store")
def test_tracking_times_a_training():
    found = tracking.train(tracked=True, frames=300, epochs=1)
    assert 0 < found["logging"] < found["seconds"]


@pytest.mark.usefixtures("store")
def test_promotions_tell_a_race_with_one_winner_from_other_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    quality = {"fair": guesses([0.45, 0.45]), "a": guesses([0.9, 0.9]), "b": guesses([0.9, 0.9], 1)}
    keys = {name: make_candidate(tmp_path / name, rows) for name, rows in quality.items()}
    promote(promotions.settings_for("race"), keys["fair"], renew=False, dry_run=False)
    assert promotions.problem("race") == "versions ['1'], champion 1"
    for key in (keys["a"], keys["b"]):  # one after the other: a race costs twice MLflow's start
        promotions.contend(key, ["race"], threading.Barrier(1))
    assert promotions.problem("race") is None


@pytest.mark.parametrize(
    ("name", "text", "stays"),
    [
        (".dvc/tmp/rwlock", "", False),
        (".dvc/tmp/rwlock", '{"a', False),
        (".dvc/tmp/rwlock", '{"a": {}}', True),
        ("dvc.lock", "", False),
        ("dvc.lock", "schema: '2.0", False),
        ("dvc.lock", "schema: '2.0'\nstages: {}", True),
    ],
)
def test_kills_mend_a_lock_that_dvc_could_not_read(tmp_path, name, text, stays):
    kills.mend_locks(tmp_path)
    lock = tmp_path / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(text)
    kills.mend_locks(tmp_path)
    assert lock.is_file() == stays


def test_kills_compare_all_files_but_those_that_dvc_leaves(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train/run.json").write_text('{"run": "17-a"}')
    (tmp_path / "train/model.keras").write_text("weights")
    (tmp_path / f".{'x' * 22}.tmp").write_text("")
    (tmp_path / ".other.tmp").write_text("")
    found = kills.outputs_of(tmp_path)
    assert found["train/run.json"] == b'{"run": ""}'
    assert set(found) == {"train/run.json", "train/model.keras", ".other.tmp"}


@pytest.mark.parametrize("moment", kills.MOMENTS)
def test_moments_of_the_kills_are_functions_of_the_pipeline(moment):
    module, path, calls, seconds = kills.MOMENTS[moment]
    found = importlib.import_module(f"pipeline.{module}")
    for name in path.split("."):
        found = getattr(found, name)
    assert callable(found)
    assert calls >= 1
    assert seconds >= 0


@pytest.mark.parametrize(("call", "code"), [("2", -signal.SIGKILL), ("3", 0)])
def test_kills_hit_the_call_that_is_named(call, code):
    own = os.environ | {
        "PYTHONPATH": str(ROOT / "benchmarks/killer"),
        "KILL_AT": f"textwrap:TextWrapper.wrap:{call}:0",
    }
    work = "import textwrap; textwrap.fill('a'); textwrap.fill('b')"
    # As the stage's name stands among the arguments of `python -m`.
    done = subprocess.run(
        [sys.executable, "-c", work, "pipeline.stages.train"], env=own, check=False
    )
    assert done.returncode == code


@pytest.mark.parametrize(("stage", "code"), [("prepare", -signal.SIGKILL), ("label", 0)])
@pytest.mark.parametrize("argument", ["pipeline.stages.prepare", "prepare"])
def test_kills_hit_the_stage_that_is_named_at_their_time(stage, code, argument):
    own = os.environ | {
        "PYTHONPATH": str(ROOT / "benchmarks/killer"),
        "KILL_AT": "0.01",
        "KILL_STAGE": stage,
    }
    # As the stage's or command's name stands among the arguments; it lives until it is killed.
    work = f"import time; time.sleep({600 if code else 0})"
    done = subprocess.run([sys.executable, "-c", work, argument], env=own, check=False)
    assert done.returncode == code


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("Running\nQueued", "lost its workers"),
        ("Success\nFailed", "an experiment failed"),
        ("Success\nSuccess", None),
    ],
)
def test_experiments_notice_a_queue_that_comes_to_nothing(shown, problem, tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "run", lambda *_: None)
    monkeypatch.setattr(experiments, "states", lambda _: shown)
    lives = iter([True, False])
    monkeypatch.setattr(experiments, "workers", lambda _: next(lives))
    monkeypatch.setattr(experiments.time, "sleep", lambda _: None)
    ended = pytest.raises(SystemExit, match=problem) if problem else nullcontext()
    with ended:
        experiments.two_at_once(tmp_path, (1, 2))


def test_disks_know_a_traceback_from_a_line():
    assert disks.unclear("Running stage\nerror: outputs: No space left on device.\n") == []
    assert disks.unclear("Traceback (most recent call last):\n  ...") != []
    assert len(disks.unclear("error: a\nerror: b\n")) == 2


def test_soak_tells_of_each_campaign_how_it_ended(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(soak, "FOLDER", tmp_path)
    good, bad = ["benchmarks.coverage", "--help"], ["benchmarks.coverage", "--nonsense"]
    found = {one.name: one for one in soak.run_all({"good": good, "bad": bad})}
    assert (found["good"].code, found["bad"].code) == (0, 2)
    told = capsys.readouterr().out
    assert "good: ok, " in told
    assert "bad: FAILED (2), " in told
    assert told.count("unrecognized arguments: --nonsense\n") == 1
    assert (tmp_path / "good.log").read_text().startswith("usage: ")


@pytest.mark.parametrize("campaign", soak.CAMPAIGNS)
def test_campaigns_are_programs(campaign):
    assert importlib.util.find_spec(soak.CAMPAIGNS[campaign][0])
