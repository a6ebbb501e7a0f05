"""From files of recordings to predictions beside them, by a network of the project's own saving."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from recordings import GOOD, ROWS, add, changed, csv_text
from small_model import COLUMNS, EMOTIONS, calibrating, plain

from pipeline.__main__ import cli
from pipeline.commands.using import predict
from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.features.frame_features import columns_for, make_features
from pipeline.errors import InputError
from pipeline.settings import params, paths
from pipeline.stages.external import all_test
from pipeline.stages.steps.ingest import Places, make_plan, write_frames

THRESHOLDS = {"thresholds": {"network": {"happiness": 0.45, "sadness": 0.55}}}
RANDOM = np.random.default_rng(8)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a network as training does."""
    import keras

    from pipeline.model.training.saving import save_model

    keras.utils.set_random_seed(4)
    layers = [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2, "sigmoid")]
    path = tmp_path_factory.mktemp("network") / "model.keras"
    save_model(keras.Sequential(layers), path)
    return path


@pytest.fixture
def trained(
    workspace: Callable[..., Path], tree: dict[str, Any], network: Path, root: Path
) -> Callable[[FeatureMap], Path]:
    """Enter a folder with what train and evaluate leave; no store is there."""
    tree["data"] = {"path": "in", "layout": "openface", "naming": "subject_first"}
    folder = workspace(tree)

    def leave(features: FeatureMap) -> Path:
        paths.MODEL.parent.mkdir(parents=True, exist_ok=True)
        paths.MODEL.write_bytes(network.read_bytes())
        told = {"feature_map": features.lay_out(), "emotions": EMOTIONS}
        paths.RUN.write_text(json.dumps(told))
        paths.THRESHOLDS.parent.mkdir(parents=True, exist_ok=True)
        paths.THRESHOLDS.write_text(json.dumps(THRESHOLDS))
        return folder

    return leave


@pytest.fixture
def ready(trained: Callable[[FeatureMap], Path]) -> Path:
    return trained(plain())


def recording(frames: int = 6) -> str:
    """Write a clip as OpenFace does, like no other."""
    columns = ["frame", "success", "confidence", *COLUMNS, "AU45_r"]
    rows = [
        [i, 1, 0.9, *(f"{v:.2f}" for v in RANDOM.uniform(0, 5, 2)), i % 2, 0.5]
        for i in range(1, frames + 1)
    ]
    return csv_text(columns, rows)


def recordings(folder: Path) -> Path:
    names = [f"{person}_{clip}.csv" for person in "ABC" for clip in range(1, 4)]
    return add(folder, {name: recording() for name in names})


def made(*given: object, **options: Any) -> pd.DataFrame:
    predict.run([Path(str(path)) for path in given], Path("out.parquet"), **options)
    return pd.read_parquet("out.parquet")


def pipelines_own(folder: Path) -> pd.DataFrame:
    """Predict a folder as the stages do: all features at once."""
    from pipeline.commands.using.stored_models import find_model
    from pipeline.model.training.saving import Predictor, load_model

    settings = params.load()
    places = Places(folder.parent / "own/frames.parquet", folder.parent / "own/aside.parquet")
    plan = make_plan(settings, folder.parent)
    write_frames(plan, settings, all_test, places)
    how = find_model(settings, None, folder.parent).features
    table = pq.read_table(places.frames, columns=["frame", *{"subject", "clip", *columns_for(how)}])
    found = Predictor(load_model(paths.MODEL))(make_features(table, how))
    keys = table.select(["subject", "clip", "frame"]).to_pandas().astype({"subject": str})
    return keys.astype({"clip": str}).assign(**dict(zip(EMOTIONS, found.T, strict=True)))


@pytest.mark.parametrize("features", [plain(), calibrating()], ids=["plain", "calibrated"])
def test_predicts_what_the_stages_would(features, trained):
    folder = recordings(trained(features) / "in")
    found, own = made(folder), pipelines_own(folder)
    for key in ("subject", "clip", "frame"):
        assert found[key].tolist() == own[key].tolist()
    for name in EMOTIONS:
        np.testing.assert_allclose(found[f"predicted/{name}"], own[name], atol=1e-6)
        reached = own[name] >= np.float32(THRESHOLDS["thresholds"]["network"][name])
        assert found[f"positive/{name}"].tolist() == reached.tolist()


def test_the_order_of_files_does_not_matter(trained):
    folder = recordings(trained(calibrating()) / "in")
    files = sorted(folder.iterdir())
    whole = made(folder)
    pd.testing.assert_frame_equal(made(*files), whole)
    pd.testing.assert_frame_equal(made(*reversed(files), files[0]), whole)


def test_says_by_which_model_and_where_it_wrote(ready, capsys):
    folder = recordings(ready / "in")
    made(folder)
    told = capsys.readouterr().out
    assert "model: the model in outputs/train, for there is no champion\n" in told
    assert "54 rows read = 54 kept + 0 quarantined" in told
    assert "note: AU columns that are not needed: AU45_r" in told
    assert "that no file has" not in told
    assert "written: out.parquet, out_clips.parquet, out_quarantine.parquet, out_summary.json" in (
        told
    )
    clips = pd.read_parquet("out_clips.parquet")
    assert clips["frames"].tolist() == [6] * 9
    summary = json.loads(Path("out_summary.json").read_text())
    assert summary["model"] == "the model in outputs/train"
    assert summary["thresholds"] == THRESHOLDS["thresholds"]["network"]
    assert {path.name for path in ready.iterdir() if path.name.startswith(".")} == set()


def test_what_is_set_aside_is_counted_and_written_and_a_large_loss_warned_of(ready, capsys):
    add(ready / "in", {"A_1.csv": GOOD, "B_1.csv": changed(2, "AU06_r", 9)})
    made(ready / "in")
    told = capsys.readouterr().out
    assert "6 rows read = 5 kept + 1 quarantined\n  1 out_of_range" in told
    assert "warning large_loss: 16.7%" in told
    [aside] = pd.read_parquet("out_quarantine.parquet").to_dict("records")
    assert (aside["row"], aside["reason"]) == (2, "out_of_range")
    assert aside["file"] == str(ready / "in/B_1.csv")


def test_a_clip_of_nobody_known_counts_as_a_person_of_its_own(trained, capsys):
    folder = add(trained(calibrating()) / "in", {"A_1.csv": GOOD, "morning.csv": GOOD})
    found = made(folder)
    assert sorted(set(found["subject"])) == ["A", "morning"]
    assert "nothing tells whose 1 of 2 clips are (morning): each counts as a person" in (
        capsys.readouterr().out
    )
    assert set(made(folder / "morning.csv")["subject"]) == {"morning"}


def test_clips_of_one_name_in_two_folders_are_two(ready):
    add(ready, {"one/a.csv": GOOD, "two/a.csv": recording()})
    assert sorted(set(made("one", "two")["clip"])) == ["one/a", "two/a"]
    assert sorted(set(made("one/a.csv", ready / "two/a.csv")["clip"])) == ["one/a", "two/a"]


def test_a_table_without_emotions_is_predicted_by_a_model_of_human_labels(ready, tree, workspace):
    tree["label"]["source"] = "human"
    workspace(tree)
    lines = GOOD.splitlines()
    table = "\n".join([f"clip,{lines[0]}", *(f"night,{line}" for line in lines[1:]), ""])
    add(ready, {"table.csv": table})
    assert made("table.csv")["clip"].tolist() == ["night"] * len(ROWS)


def test_csv_holds_what_parquet_does_and_no_formula(ready):
    folder = recordings(ready / "in")
    add(folder, {"=1+1_x.csv": GOOD})
    whole = made(folder)
    predict.run([folder], Path("out.csv"))
    text = Path("out.csv").read_text()
    assert "'=1+1" in text
    assert "\n=" not in text
    found = pd.read_csv("out.csv", dtype={"subject": str, "clip": str})
    assert list(found.columns) == list(whole.columns)
    name = "predicted/happiness"
    np.testing.assert_allclose(found[name], whole[name], atol=1e-6)
    assert len(pd.read_csv("out_quarantine.csv")) == 0


def test_a_page_with_figures_people_and_what_was_set_aside(ready):
    folder = add(ready / "in", {"A_1.csv": recording(30), "B_1.csv": changed(2, "AU06_r", 9)})
    made(folder, report=Path("pages/page.html"))
    page = Path("pages/page.html").read_text()
    assert page.count("<svg") == 1
    assert "A_1 (subject A, 30 frames)" in page
    assert "33 rows read = 32 kept + 1 quarantined" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_refusal_leaves_what_was_there(ready):
    made(recordings(ready / "in"))
    before = {path.name: path.read_bytes() for path in ready.glob("out*.*")}
    assert len(before) == 4
    add(ready, {"bad/A_1.csv": "frame,AU06_r,AU12_r\n1,1.5,0.5\n"})
    with pytest.raises(InputError, match="lack AU06_c"):
        made("bad")
    assert {path.name: path.read_bytes() for path in ready.glob("out*.*")} == before


def test_what_cannot_be_predicted_is_refused(ready):
    add(
        ready,
        {
            "pyfeat.csv": "frame,AU06,AU12,AU43\n1,0.5,0.5,0.2\n",
            "small.csv": csv_text(["frame", *COLUMNS], [[i, 0.3, 0.9, 1] for i in range(1, 121)]),
            "lost.csv": csv_text(["frame", *COLUMNS], [[1, 9, 9, 1]]),
            "readme.txt": "hello",
            "table.csv": "clip," + GOOD,
            "of.csv": GOOD,
        },
    )
    for given, message in (
        (["pyfeat.csv"], "written by py-feat, the model in outputs/train was trained on OpenFace"),
        (["small.csv"], r"no intensity of 120 frames exceeds 0\.9: these look like 0-1"),
        (["lost.csv"], r"no frame is left: all 1 rows were set aside \(out_of_range 1\)"),
        (["readme.txt"], "no Parquet file and none of"),
        (["nowhere"], "nowhere does not exist"),
        (["table.csv", "of.csv"], "all are of one layout.*openface: of.csv"),
    ):
        with pytest.raises(InputError, match=message):
            made(*given)
    assert not list(ready.glob("out*.*"))
    assert len(made("small.csv", same_units=True)) == 120


def test_a_wrong_name_of_out_or_model_is_refused(ready):
    with pytest.raises(InputError, match=r"out\.xlsx; a file that ends in \.parquet or \.csv"):
        predict.run([ready], Path("out.xlsx"))
    add(ready, {"in/a.csv": GOOD})
    for given, out in (("in", "in/out.csv"), ("in/a.csv", "in/a.csv"), (".", "out.csv")):
        with pytest.raises(InputError, match=r"which is or lies in .*Name a file elsewhere"):
            predict.run([Path(given)], Path(out))
    for meant, message in (
        ("champion", "model champion: au-emotion has none"),
        ("gone.keras", r"gone\.keras is not there\. Allowed is a \.keras file beside"),
        ("nobody", r"mlflow\.db is not there"),
    ):
        with pytest.raises(InputError, match=message):
            made("in", model=meant)
    paths.RUN.unlink()
    with pytest.raises(InputError, match="`make repro` trains a model"):
        made("in")


def test_a_file_is_taken_with_what_stands_beside_it(ready, network, capsys):
    add(ready, {"in/a.csv": GOOD})
    elsewhere = ready / "given"
    add(elsewhere, {"net.keras": network.read_bytes(), "run.json": paths.RUN.read_bytes()})
    found = made("in", model=str(elsewhere / "net.keras"))
    told = capsys.readouterr().out
    assert "warning untuned: the model has no thresholds; 0.5 stands for all." in told
    own = made("in", model="workspace")
    np.testing.assert_array_equal(found["predicted/happiness"], own["predicted/happiness"])
    assert "warning untuned" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ('{"emotions": [', r"run\.json is damaged"),
        ("[]", "lacks"),
        ('{"emotions": ["joy"]}', "lacks 'ranges'"),
        ('{"ranges": {"AU06_r": [0, 5]}, "emotions": ["joy", "grief"]}', "takes 3 features"),
        ('{"ranges": {"AU06_r": 1, "AU12_r": 1, "AU06_c": 1}, "emotions": ["joy"]}', "gives 2"),
    ],
)
def test_a_model_that_does_not_fit_what_lies_beside_it_is_refused(ready, network, beside, told):
    own = ready / "own"
    add(own, {"model.keras": network.read_bytes(), "run.json": beside})
    recordings(ready / "in")
    with pytest.raises(InputError, match=told):
        made("in", model=str(own / "model.keras"))
    assert not Path("out.parquet").exists()


def test_the_command_needs_a_path_and_an_output(capsys):
    for given in (["predict"], ["predict", "x"]):
        with pytest.raises(SystemExit) as stop:
            cli(given, prog_name="python -m pipeline")
        assert stop.value.code == 2
