"""From folders of recordings to an exit code to branch on; a linear map stands for the model."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.commands import drift
from pipeline.data.action_units import intensity
from pipeline.data.card import profile
from pipeline.data.features.feature_map import read_feature_map
from pipeline.drift.reference import ReferenceModel
from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.settings.data_sections import Demo
from pipeline.stages.demo import AUS, DemoClip, generate, write

FEATURES = [intensity(au) for au in AUS]
EMOTIONS = ["happiness", "fear"]


def predict(rows: np.ndarray) -> np.ndarray:
    return rows[:, :2] / 5


def recordings(folder: Path, seed: int, subjects: int, keep: int | None = None) -> list[DemoClip]:
    clips = generate(Demo(seed=seed, subjects=subjects, clips_per_subject=3, frames_per_clip=30))
    kept = clips[: (keep or subjects) * 3]
    write(kept, folder)
    return kept


@pytest.fixture
def trained(workspace, tree, monkeypatch):
    """Enter a folder with what `train` leaves of 12 subjects."""
    folder = workspace(tree)
    clips = recordings(folder / "old", 1, 12)
    tables = (
        pa.table({name: clip.aus[name].astype("float32") for name in FEATURES}).append_column(
            "subject", pa.array([clip.name[:3]] * len(clip.aus)).dictionary_encode()
        )
        for clip in clips
    )
    seen = profile.of_model(tables, read_feature_map(FEATURES), EMOTIONS, predict)
    profile.write(seen, paths.PROFILE)
    paths.RUN.write_text(json.dumps({"feature_map": FEATURES, "emotions": EMOTIONS}))
    monkeypatch.setattr(ReferenceModel, "predict", lambda _: predict)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
    return folder


def exit_code(path: Path, naming: str | None = None) -> int:
    try:
        drift.run(str(path), naming=naming)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def told() -> dict:
    return json.loads((paths.DRIFT / "drift.json").read_text())


def test_new_people_of_the_same_kind_end_with_0(trained, capsys):
    recordings(trained / "new", 2, 6)
    assert exit_code(trained / "new") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("new against the training data of the model in outputs/train")
    assert lines[1].startswith("No drift")
    assert told()["frames"] == {"training": 12 * 90, "new": 6 * 90}
    assert [row["item"] for row in told()["items"]] == FEATURES + EMOTIONS
    assert {path.name for path in paths.DRIFT.iterdir()} == {
        "report.html",
        "report.md",
        "drift.json",
        "subjects.png",
    }


def test_a_shift_ends_with_5_and_is_named(trained, capsys):
    clips = recordings(trained / "new", 2, 6)
    for clip in clips:
        clip.aus["AU12_r"] = (clip.aus["AU12_r"] + 0.5).clip(0, 5)
    write(clips, trained / "new")
    assert exit_code(trained / "new") == drift.DRIFTED == 5
    assert "AU AU12_r: mean" in capsys.readouterr().out
    assert [row["item"] for row in told()["items"] if row["drift"]] == ["AU12_r"]


def test_two_people_end_with_6(trained, capsys):
    recordings(trained / "new", 2, 3, keep=2)
    assert exit_code(trained / "new") == drift.UNKNOWN == 6
    assert "cannot be told" in capsys.readouterr().out


def test_one_person_on_a_scale_of_0_to_1_ends_with_5(trained, capsys):
    clips = recordings(trained / "new", 2, 3, keep=1)
    for clip in clips:
        clip.aus[FEATURES] /= 5
    write(clips, trained / "new")
    assert exit_code(trained / "new") == drift.DRIFTED
    assert "units: no intensity" in capsys.readouterr().out


def test_files_of_another_extractor_end_with_5(trained, capsys):
    (trained / "new").mkdir()
    (trained / "new/A_1.csv").write_text("frame,AU06,AU12\n1,0.5,0.5\n2,0.1,0.2\n")
    assert exit_code(trained / "new", "subject_first") == drift.DRIFTED
    assert "units: py-feat wrote the new data, OpenFace 2 that of training" in (
        capsys.readouterr().out
    )
    assert told()["items"] == []
    assert told()["frames"]["new"] == 2


def test_quarantined_rows_are_counted(trained):
    recordings(trained / "new", 2, 6)
    path = next((trained / "new/AUs").iterdir())
    path.write_text(path.read_text() + "D01_CT_P_c031.jpg" + ",9" * len(AUS) + "\n")
    exit_code(trained / "new")
    assert told()["rows_quarantined"] == 1
    assert "1 rows quarantined" in (paths.DRIFT / "report.md").read_text()


def test_missing_features_no_frames_and_no_model_are_errors(trained):
    (trained / "new").mkdir()
    (trained / "new/A_1.csv").write_text("frame,AU06_r,AU12_r\n1,0.5,0.5\n")
    with pytest.raises(InputError, match="the new data lacks AU01_r, AU02_r"):
        exit_code(trained / "new", "subject_first")
    header = ",".join(["frame", *FEATURES])
    (trained / "new/A_1.csv").write_text(f"{header}\n1{',9' * len(FEATURES)}\n")
    with pytest.raises(InputError, match="no frame is left of the new data: all 1 rows"):
        exit_code(trained / "new", "subject_first")
    paths.RUN.unlink()
    with pytest.raises(
        InputError, match=r"There is no champion, and outputs/train/run\.json is not there"
    ):
        exit_code(trained / "new", "subject_first")
