"""Each speed benchmark once, at its smallest: what it measures is said by `make bench`."""

import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from apart import in_a_thread

from benchmarks import ROOT, openface_files
from benchmarks.load.clients import Answered, problem
from benchmarks.speed import (
    evaluation,
    ingest,
    labels,
    plain,
    prediction,
    scale,
    serving,
    tracking,
    training,
)
from pipeline.stages import demo


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


@pytest.mark.usefixtures("store")
def test_tracking_times_a_training():
    found = tracking.train(tracked=True, frames=300, epochs=1)
    assert 0 < found["logging"] < found["seconds"]
