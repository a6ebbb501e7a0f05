"""Each speed benchmark once, at its smallest: what it measures is said by `make bench`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from apart import in_a_thread

from benchmarks import ROOT, learners, openface_files, plain_script
from benchmarks.load.clients import Answered, problem
from benchmarks.measuring import Record, by_turns, ratio
from benchmarks.speed import (
    evaluation,
    ingest,
    labels,
    plain,
    prediction,
    scale,
    serving,
    startup,
    tracking,
    training,
    unchanged,
)
from pipeline.stages import demo


def run(monkeypatch: pytest.MonkeyPatch, main: object, *arguments: str) -> None:
    """Call a benchmark's main as `python -m` does."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments])
    assert callable(main)
    main()


def by_measure(records: Iterable[Record]) -> dict[tuple[str, str], Sequence[float]]:
    """Give the rounds by case and measure."""
    return {(one.case, one.measure): one.rounds for one in records}


def test_records_tell_median_least_and_most_of_rounds_in_pairs():
    found = ratio("a case", "ours / theirs", [1, 8, 9], [1, 4, 3])
    assert str(found) == "a case: ours / theirs 2 (1 to 3)"
    assert found.as_json()["rounds"] == [1, 2, 3]
    assert str(Record("few", "rate", "frames/s", [163_482.5])) == "few: rate 163,000 frames/s"
    assert str(Record("few", "answers", "", [6_765])) == "few: answers 6,765"
    assert str(Record("few", "PyTorch", "s", [], "not installed")) == "few: PyTorch: not installed"


def test_contenders_take_turns():
    called = []
    contenders = {name: partial(called.append, name) for name in "ab"}
    assert by_turns(contenders, 2) == {"a": [None] * 2, "b": [None] * 2}
    assert called == ["a", "b", "a", "b"]


def test_labels_of_loop_and_stage_agree(tmp_path, monkeypatch, capsys):
    file = tmp_path / "records.json"
    run(monkeypatch, labels.main, "--rows=20000", "--looped=50", "--rounds=2", f"--json={file}")
    *_, last = json.loads(file.read_text())
    assert (last["measure"], last["unit"]) == ("label stage / loop", "ratio")
    assert last["least"] <= last["value"] <= last["most"]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_labels_that_differ_end_the_benchmark(monkeypatch):
    right = labels.loop
    monkeypatch.setattr(labels, "loop", lambda *given: right(*given) + np.float32(0.1))
    with pytest.raises(AssertionError, match="not equal"):
        list(labels.compare(rows=2000, looped=50, rounds=1))


def test_ingest_contenders_read_the_same_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    openface_files.write_folder(tmp_path / "few", 1, 15)
    files = sorted((tmp_path / "few").iterdir())
    assert len({contend(files) for contend in ingest.CONTENDERS.values()}) == 1
    assert Path.cwd() == ROOT


def test_ingest_is_compared_with_the_fastest_parser(tmp_path, monkeypatch):
    seconds = dict.fromkeys(ingest.CONTENDERS, 4.0) | {"polars": 2.0, "stage": 3.0}
    monkeypatch.setattr(
        ingest, "measure", lambda name, _: {"seconds": seconds[name], "rows": 9, "peak": 1.0}
    )
    found = by_measure(ingest.compare(tmp_path, "1 MB", 2))
    assert found["stage, 1 MB", "time / fastest parser's"] == [1.5, 1.5]


def test_scale_measures_every_stage(monkeypatch, capsys):
    run(monkeypatch, scale.main, "--sizes=0.018", "--last=evaluate")
    told = capsys.readouterr().out
    cases = {line.split(",")[0] for line in told.splitlines()}
    assert cases == set(scale.STAGES)


@pytest.mark.parametrize("name", sorted(learners.LEARNERS.keys() - training.ABSENT))
def test_every_learner_trains_for_as_long_as_it_is_asked(name):
    assert training.rate(name, batch=32, frames=100, epochs=2) > 0


def test_training_is_compared_with_plain_fit_and_names_who_is_absent(monkeypatch, capsys):
    rates = {"pipeline": 300.0, "plain fit": 100.0}
    monkeypatch.setattr(training, "LEARNERS", dict.fromkeys([*rates, "PyTorch"]))
    monkeypatch.setattr(training, "ABSENT", {"PyTorch"})
    monkeypatch.setattr(training, "measure", lambda name, *_: rates[name])
    run(monkeypatch, training.main, "--batches=32", "--rounds=2")
    assert capsys.readouterr().out.splitlines() == [
        "batch 32: pipeline 300 (300 to 300) frames/s",
        "batch 32: plain fit 100 (100 to 100) frames/s",
        "batch 32: PyTorch: not installed",
        "batch 32: pipeline / plain fit 3 (3 to 3)",
    ]


def test_plain_script_learns_from_what_the_pipeline_reads(tmp_path, settings, monkeypatch, capsys):
    small = settings.demo.model_copy(update={"subjects": 6, "frames_per_clip": 10})
    demo.write(demo.generate(small), tmp_path)
    recipe = settings.chosen.model_copy(update={"epochs": 8})
    short = settings.model_copy(update={"recipes": {settings.recipe: recipe}})
    monkeypatch.setattr(plain_script.params, "load", lambda _: short)
    plain_script.main(str(tmp_path), "expression")
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["frames"], found["epochs"]) == (180, 8)
    assert 0 < found["val_loss"] < np.log(2)  # which is that of a guess


def test_plain_script_takes_categories_from_the_names_of_clips(tmp_path, settings):
    for clip in ("01-01-03-01-01-01-01", "01-01-05-01-01-01-02"):
        (tmp_path / f"{clip}.csv").write_text("AU01_r;AU12_r\n0.5;1.5\n0.0;2.5\n")
    frames, answers, people = plain_script.openface(tmp_path, settings)
    assert answers[people == "01"].tolist() == [[1, 0], [1, 0]]
    assert answers[people == "02"].tolist() == [[0, 1], [0, 1]]
    assert list(frames["AU12_r"]) == [1.5, 2.5] * 2


def test_pipeline_is_compared_with_the_script_by_pairs(tmp_path, monkeypatch):
    script, own = iter([10.0, 40.0, 20.0]), iter([20.0, 40.0, 30.0])
    monkeypatch.setattr(
        plain, "time_script", lambda *_: {"seconds": next(script), "epochs": 9, "frames": 1800}
    )
    monkeypatch.setattr(plain, "time_pipeline", lambda *_: {"seconds": next(own), "epochs": 12})
    found = by_measure(plain.compare("demo", tmp_path, "expression", {}, 3))
    assert found["demo, 1,800 frames", "tracked / plain"] == [2, 1, 1.5]
    assert found["demo, 1,800 frames", "tracked dvc repro, epochs"] == [12, 12, 12]


def test_recordings_that_are_absent_are_left_out_and_a_million_frames_run_once(
    tmp_path, monkeypatch
):
    here, absent = (tmp_path, "expression", {}), (tmp_path / "none", "openface", {})
    monkeypatch.setattr(plain, "RECORDINGS", {"here": here, "absent": absent})
    monkeypatch.setattr(plain, "generate", lambda _, frames: frames)
    monkeypatch.setattr(plain, "compare", lambda name, data, _, __, rounds: [(name, data, rounds)])
    assert list(plain.measured([6_000, 1_000_000], 3)) == [
        ("here", tmp_path, 3),
        ("generated", 6_000, 3),
        ("generated", 1_000_000, 1),
    ]


def test_prediction_is_set_beside_the_products_of_the_network():
    options = argparse.Namespace(sizes="0.003", calibrated=True, rounds=2, seconds=0.01)
    found = by_measure(prediction.measured(options))
    shares = {case: rounds for (case, what), rounds in found.items() if what.startswith("share")}
    assert [len(rounds) for rounds in shares.values()] == [2, 2, 1]
    assert list(shares)[-1] == "predict, 0.003 million frames"


def test_serving_finds_no_wrong_answer_and_every_kind_refused(store):
    options = argparse.Namespace(clients=4, seconds=1, bodies=60)
    found = by_measure(in_a_thread(lambda: list(serving.measured(store, options))))
    assert found["4 clients for 1 s", "right answers"][0] > 0
    wrong = {case: rounds for (case, what), rounds in found.items() if what == serving.WRONG}
    assert len(wrong) == 3
    assert set(map(tuple, wrong.values())) == {(0,)}


def test_serving_fails_where_an_answer_is_wrong(monkeypatch):
    wrong = [Record("4 clients", serving.WRONG, "", [0]), Record("others", serving.WRONG, "", [1])]
    monkeypatch.setattr(serving, "measured", lambda *_: wrong)
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, serving.main)
    assert ended.value.code


def test_serving_notices_answers_that_are_wrong():
    is_right = serving.held_to(np.full((1, 6), 0.5))
    right = dict.fromkeys(serving.EMOTIONS, 0.5)
    assert is_right(json.dumps({"predictions": [right]}).encode())
    assert not is_right(json.dumps({"predictions": [right | {"fear": 0.51}]}).encode())
    assert not is_right(json.dumps({"predictions": [right, right]}).encode())
    for status, text in ((200, "{}"), (500, "{}"), (400, '{"message": "Traceback of"}')):
        assert problem(Answered("cut", status, text))
    assert problem(Answered("cut", 400, '{"message": "AU12_r: missing"}')) is None


def test_evaluation_measures_numbers_and_regression(monkeypatch):
    monkeypatch.setattr(evaluation, "RESAMPLES", 100)
    found = by_measure([*evaluation.numbers(1000), *evaluation.regression(1000)])
    assert found["numbers of 1,000 rows, 4 test subjects", "time"][0] > 0
    assert found["regression fitted to 1,000 of 1,000 rows", "peak memory"][0] > 0


@pytest.mark.usefixtures("store")
def test_tracking_times_a_training():
    found = tracking.train(tracked=True, frames=300, epochs=1)
    assert 0 < found["logging"] < found["seconds"]


def test_start_of_each_stage_is_divided_by_that_of_bare_python(monkeypatch):
    monkeypatch.setattr(startup, "time_code", lambda code: 2.0 if "train" in code else 0.5)
    found = by_measure(startup.compare(rounds=1))
    assert found["train", "time / bare Python's"] == [4]
    assert found["weigh", "time / bare Python's"] == [1]


def test_repro_is_divided_by_each_command_that_does_less(tmp_path, monkeypatch):
    seconds = dict.fromkeys(unchanged.COMMANDS, 2.0) | {unchanged.REPRO: 3.0}
    monkeypatch.setattr(unchanged, "time_command", lambda _, name: seconds[name])
    found = by_measure(unchanged.compare(tmp_path, rounds=2))
    assert found["dvc status", "dvc repro / this"] == [1.5, 1.5]


def test_a_repro_that_has_something_to_do_ends_the_benchmark(tmp_path, monkeypatch):
    printed = {"repro": unchanged.NOTHING}  # others print what they like

    def told(_: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, printed.get(command[1], ""), "")

    monkeypatch.setattr(unchanged, "run", told)
    found = by_measure(unchanged.compare(tmp_path, rounds=2))
    assert found["dvc repro", "dvc repro / this"] == [1, 1]
    printed["repro"] = "Running stage 'prepare'"
    with pytest.raises(SystemExit, match="something to do"):
        list(unchanged.compare(tmp_path, rounds=1))
