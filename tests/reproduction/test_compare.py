import json
import math

import matplotlib.image
import numpy as np
import pytest

from pipeline.reproduction.compare import IDENTICAL, compare, made_by, notes, summary
from pipeline.reproduction.file_differences import difference
from pipeline.tracking.store.recorded_runs import Recorded

THEN, NOW = {0: 1.0, 1: 2.0, 2: math.nan}, {0: 1.0, 1: 2.5, 2: math.nan}


@pytest.fixture
def pair(tmp_path):
    """Give a function that writes two files of one name."""

    def write(name, then, now):
        paths = tmp_path / "then" / name, tmp_path / "now" / name
        for path, content in zip(paths, (then, now), strict=True):
            path.parent.mkdir(exist_ok=True)
            if isinstance(content, np.ndarray):
                matplotlib.image.imsave(path, content, metadata={"Software": path.parent.name})
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return paths

    return write


@pytest.mark.parametrize(
    ("name", "then", "now", "told"),
    [
        ("a.json", "[1, 2]", "[1, 2]", ""),
        ("a.json", "[1, 2]", "[1,  2]", "the same values, written in another way"),
        (
            "a.json",
            json.dumps({"f1": {"fear": 0.5, "anger": 0.25}, "n": 3}),
            json.dumps({"f1": {"fear": 0.5, "anger": 0.5}, "n": 4}),
            "2 of 3 values, most at n: 3 then, 4 now",
        ),
        ("a.json", '{"a": "x"}', "{}", "1 of 1 values, most at a: x then, nothing now"),
        ("a.json", "{", "[", "other content: 1 and 1 bytes"),
        ("a.yaml", "a: 1", "a: 2", "1 of 1 values, most at a: 1 then, 2 now"),
        ("a.csv", "x,y\n1,2\n", "x,y\n1,9\n", "1 of 2 values, most at y in row 1: 2 then, 9 now"),
        ("a.md", "# a\nb\nc\n", "# a\nd\nc\n", "2 lines, first '-b'"),
        ("a.md", "a\n", "a\r\n", "other line ends"),
        ("a.bin", b"\xff\0", b"\xff", "other content: 2 and 1 bytes"),
        ("a.png", np.zeros((2, 3)), np.eye(2, 3), "2 of 6 pixels"),
        ("a.png", np.zeros((2, 3)), np.zeros((2, 4)), "3 x 2 then, 4 x 2 now"),
        ("a.png", np.eye(2, 3), np.eye(2, 3), ""),  # signed by another version
    ],
)
def test_the_difference_of_two_files_is_measured(pair, name, then, now, told):
    assert difference(*pair(name, then, now)) == told


def made(metrics, files):
    return Recorded("1", "light", "FINISHED", {}, metrics, files)


def test_every_step_is_compared_and_what_must_differ_is_left_out(pair):
    then, now = pair("a.md", "a", "b")
    metrics = {"loss": THEN, "size": {0: 1.0}, "system/cpu": {0: 1.0}, "gone": {0: 1.0}}
    recorded = made(metrics, {"a.md": then, "b.md": then, "provenance/md5.json": then})
    recorded.files["promotion/verdict.json"] = then  # the gate judged it
    replayed = made(
        {"loss": NOW, "size": {0: 1.0}, "system/cpu": {0: 2.0}, "more": {0: 1.0}},
        {"a.md": now, "provenance/md5.json": now},
    )
    hashes = {"outputs/a": "1", "outputs/b": "2", "outputs/train/run.json": "3"}
    results = compare(recorded, replayed, hashes, {"outputs/a": "1"})
    assert {f"{item.kind} {item.name}": item.result for item in results} == {
        "output outputs/a": IDENTICAL,
        "output outputs/b": "different: md5 2 then, nothing now",
        "metric loss": "different at 1 of 3 steps, at 1: 2.0 then, 2.5 now (by 0.5)",
        "metric size": IDENTICAL,
        "metric gone": "different at 1 of 1 steps, at 0: 1.0 then, nothing now",
        "artifact a.md": "different: 2 lines, first '-a'",
        "artifact b.md": "different: the replay has none",
    }
    assert summary(results) == (
        "different: 2 of 3 metrics (loss, gone), 2 of 2 artifacts (a.md, b.md), "
        "1 of 2 DVC outputs (outputs/b)"
    )
    *left, more = notes(recorded, replayed, hashes)
    assert [line.split(":")[0] for line in left] == [
        "left out outputs/train/run.json",
        "left out provenance/",
        "left out promotion/",
        "left out system/",
    ]
    assert more == "only in the replay: more"


def test_more_steps_than_before_are_a_difference():
    results = compare(made({"loss": {0: 1.0}}, {}), made({"loss": {0: 1.0, 1: 2.0}}, {}), {}, {})
    assert results[0].result == "different at 1 of 2 steps, at 1: nothing then, 2.0 now"


def test_what_is_identical_is_counted():
    run = made({"loss": THEN}, {})
    assert summary(compare(run, run, {"a": "1"}, {"a": "1"})) == (
        "identical: 1 metrics, 0 artifacts, 1 DVC outputs"
    )


def test_what_another_pipeline_made_has_the_hash_with_which_it_was_read(tmp_path):
    lock = tmp_path / "dvc.lock"
    lock.write_text(
        "stages:\n"
        "  prepare:\n"
        "    deps: [{path: data/demo, md5: a.dir}, {path: pipeline/errors.py}]\n"
        "    outs: [{path: outputs/frames, md5: b}]\n"
        "  weigh: {cmd: x}\n"
    )
    assert made_by(lock) == {"data/demo": "a.dir", "outputs/frames": "b"}
