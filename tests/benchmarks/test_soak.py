"""Each campaign once, at its smallest: what it finds is said by `make soak`.

That of `fuzz` is in tests/data/reading/test_fuzz.py. `kills` and `experiments` have none of their
whole, for the smallest takes minutes of processor time, in trainings by DVC. That the moments of
the kills exist and are hit, and that a queue which comes to nothing is noticed, is shown here.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext

import numpy as np
import pytest
from candidates import guesses, make_candidate

from benchmarks import ROOT
from benchmarks.soak import __main__ as soak
from benchmarks.soak import (
    coverage,
    disks,
    drift,
    experiments,
    promotions,
    retraining,
    shuffled,
)
from benchmarks.soak.kills import __main__ as kills
from benchmarks.soak.kills import project
from pipeline.drift.shift_test import DriftBounds
from pipeline.promotion.promote import promote


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
    project.mend_locks(tmp_path)
    lock = tmp_path / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(text)
    project.mend_locks(tmp_path)
    assert lock.is_file() == stays


def test_kills_compare_all_files_but_those_that_dvc_leaves(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train/run.json").write_text('{"run": "17-a"}')
    (tmp_path / "train/model.keras").write_text("weights")
    (tmp_path / f".{'x' * 22}.tmp").write_text("")
    (tmp_path / ".other.tmp").write_text("")
    found = project.outputs_of(tmp_path)
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
        "PYTHONPATH": str(ROOT / "benchmarks/soak/kills/killer"),
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
        "PYTHONPATH": str(ROOT / "benchmarks/soak/kills/killer"),
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
    good, bad = ["benchmarks.soak.coverage", "--help"], ["benchmarks.soak.coverage", "--nonsense"]
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
