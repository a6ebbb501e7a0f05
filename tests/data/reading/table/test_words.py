"""Words in tables: nothing is nothing, one category has one spelling, numbers are text."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from recordings import account_of

from pipeline.data.names.words import MISSING
from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.stages import label, prepare

RNG = np.random.default_rng(8)
CLIPS = 8  # of four people, five frames each


def make(emotions: list[object]) -> pd.DataFrame:
    """Make a table in which the clips have these emotions, in turn."""
    rows = [(f"S{i % 4}", f"S{i % 4}_c{i}", f) for i in range(CLIPS) for f in range(5)]
    table = pd.DataFrame(rows, columns=["subject", "clip", "frame"])
    table["emotion"] = [emotions[i % len(emotions)] for i in range(CLIPS) for _ in range(5)]
    for au in ("AU06_r", "AU12_r"):
        table[au] = RNG.uniform(0, 5, len(table)).round(3)
    return table


def read(workspace, tree, path, *, source="human", naming="subject_first") -> pd.DataFrame:
    tree["data"] |= {"path": str(path), "layout": "table", "naming": naming}
    tree["label"]["source"] = source
    place = workspace(tree)
    prepare.main()
    account_of(place)
    return pq.read_table(paths.FRAMES).to_pandas().astype({"emotion": object, "subject": str})


def write(table: pd.DataFrame, path):
    return table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_parquet(path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("given", "categories"),
    [
        (["0", "2", "01", "1"], ["0", "01", "1", "2"]),
        (["True", "False"], ["False", "True"]),
        (["yes", "no", "off"], ["no", "off", "yes"]),
        (["1e5", "0x1"], ["0x1", "1e5"]),
        (["Happy", "happy ", "HAPPY", "sad"], ["HAPPY", "sad"]),
        (["sehr  traurig", "Sehr traurig", "froh", "froh"], ["Sehr traurig", "froh"]),
        (["don't know", "100% sure"], ["100% sure", "don't know"]),
    ],
)
def test_words_are_text_and_one_category_has_one_spelling(
    workspace, tree, tmp_path, suffix, given, categories
):
    write(make(given), tmp_path / f"t{suffix}")
    frames = read(workspace, tree, tmp_path / f"t{suffix}")
    assert sorted(frames["emotion"].unique()) == categories
    label.main()
    assert pq.read_schema(paths.LABELS).names == categories


@pytest.mark.parametrize(
    ("given", "kind", "categories"),
    [
        ([0.0, 1.0, 2.0], "float64", ["0", "1", "2"]),
        ([0, 1, 2], "int64", ["0", "1", "2"]),
        ([0, 1, None], "Int64", ["0", "1"]),
        ([0.5, 1.0], "float32", ["0.5", "1"]),
        ([True, False], "bool", ["false", "true"]),
    ],
)
def test_numbers_of_parquet_are_text_without_a_point(
    workspace, tree, tmp_path, capsys, given, kind, categories
):
    table = make(given).astype({"emotion": kind})
    table.to_parquet(tmp_path / "t.parquet")
    frames = read(workspace, tree, tmp_path / "t.parquet")
    assert sorted(frames["emotion"].unique()) == categories
    if kind != "bool":
        assert "note: categories that look like numbers are text" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("word", sorted(MISSING))
def test_a_word_for_nothing_is_no_category_no_person_and_no_clip(
    workspace, tree, tmp_path, suffix, word
):
    table = make(["sad", "calm"])
    table.loc[table["clip"] == "S0_c0", "emotion"] = word.upper()
    table.loc[table["clip"] == "S1_c1", "subject"] = word
    table.loc[table["clip"] == "S2_c2", "clip"] = f" {word} "
    write(table, tmp_path / f"t{suffix}")
    frames = read(workspace, tree, tmp_path / f"t{suffix}")
    account = account_of(tmp_path)
    assert account["quarantined_by_reason"] == {"unlabelled": 5, "unnamed": 5}
    assert sorted(frames["subject"].unique()) == ["S0", "S1", "S2", "S3"]  # S1 by the clip's name
    assert sorted(frames["emotion"].unique()) == ["calm", "sad"]


def test_rules_need_no_emotion(workspace, tree, tmp_path):
    table = make(["sad", "NA"])
    table.to_csv(tmp_path / "t.csv", index=False)
    frames = read(workspace, tree, tmp_path / "t.csv", source="facs")
    assert len(frames) == len(table)
    assert frames["emotion"].isna().sum() == len(table) / 2


def test_no_emotion_at_all_is_an_error_that_says_what_to_do(workspace, tree, tmp_path):
    make(["NA"]).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match="unlabelled"):
        read(workspace, tree, tmp_path / "t.csv")


def test_clips_may_be_named_by_paths_of_another_system(workspace, tree, tmp_path):
    table = make(["sad", "calm"]).drop(columns=["subject", "emotion"])
    table["clip"] = [f"P{name[1]}\\run\\happy_{name[-1]}.csv" for name in table["clip"]]
    table.to_csv(tmp_path / "t.csv", index=False)
    frames = read(workspace, tree, tmp_path / "t.csv", naming="folder_per_person_emotion")
    assert sorted(frames["subject"].unique()) == ["P0", "P1", "P2", "P3"]
    assert set(frames["emotion"]) == {"happy"}
