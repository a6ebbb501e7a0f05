"""Check the generated clips: their files, their sizes, and that rules fit them well, not fully."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.data import simulation
from pipeline.data.action_units import INTENSITIES
from pipeline.settings import params, paths
from pipeline.settings.data_sections import Demo
from pipeline.stages import demo

PARAMS_FILE = Path(__file__).parents[2] / paths.PARAMS
PARAMS = params.load(PARAMS_FILE)
SMALL = Demo(seed=1, subjects=3, clips_per_subject=3, frames_per_clip=4)
AU_COLUMNS = [f"AU{au:02d}_r" for au in (1, 2, 4, 5, 6, 7, 12, 14, 15, 17, 20, 25)]
SUBJECTS = PARAMS.demo.subjects
SEEDS = (PARAMS.demo.seed, 1, 2, 3)


def frames_of(settings: Demo) -> pd.DataFrame:
    """Stack all clips: AUs, `Valences`, and the clip's name, subject, class and emotion."""
    tables = [
        clip.aus.assign(
            Valences=clip.valences["Valences"],
            clip=clip.name,
            subject=clip.name.split("_")[0],
            valence_class=clip.name[-1],
            emotion=clip.emotion,
        )
        for clip in demo.generate(settings)
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module", params=SEEDS)
def frames(request: pytest.FixtureRequest) -> pd.DataFrame:
    return frames_of(PARAMS.demo.model_copy(update={"seed": request.param}))


def rule(frames: pd.DataFrame, emotion: str) -> pd.Series:
    """Score the emotion's labelling rule in the `improved` recipe, without its valence gate."""
    columns = [f"AU{au:02d}_r" for au in PARAMS.label.rules[emotion].aus]
    return (frames[columns].mean(axis=1) / PARAMS.recipes["improved"].divisors[emotion]).clip(0, 1)


def gated(frames: pd.DataFrame, emotion: str) -> pd.Series:
    fits = frames["valence_class"] == PARAMS.label.rules[emotion].valence
    return rule(frames, emotion).where(fits, 0.0)


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def written(settings: Demo, folder: Path) -> dict[str, bytes]:
    demo.write(demo.generate(settings), folder)
    return contents(folder)


def test_same_seed_writes_same_bytes(tmp_path: Path) -> None:
    assert written(SMALL, tmp_path / "a") == written(SMALL, tmp_path / "b")


def test_other_seed_writes_other_bytes_under_the_same_names(tmp_path: Path) -> None:
    first = written(SMALL, tmp_path / "a")
    other = written(SMALL.model_copy(update={"seed": 2}), tmp_path / "b")
    assert first.keys() == other.keys()
    assert not any(first[name] == other[name] for name in first if name != "labels.csv")


def test_files_keep_the_expression_layout(tmp_path: Path) -> None:
    files = written(SMALL, tmp_path)
    clips = [f"D0{s}_CT_{c}" for s in (1, 2, 3) for c in "PNM"]
    assert set(files) == {
        "labels.csv",
        *(f"AUs/{clip}_aus.csv" for clip in clips),
        *(f"Valences/{clip}_valences.csv" for clip in clips),
    }
    for clip in clips:
        aus = files[f"AUs/{clip}_aus.csv"].decode().splitlines()
        valences = files[f"Valences/{clip}_valences.csv"].decode().splitlines()
        images = [f"{clip}_c00{frame}.jpg" for frame in (1, 2, 3, 4)]
        assert aus[0] == ",".join(["Image", *AU_COLUMNS])
        assert valences[0] == "Image,Valences"
        assert [row.split(",")[0] for row in aus[1:]] == images
        assert [row.split(",")[0] for row in valences[1:]] == images
        assert all(re.fullmatch(r"[^,]+(,\d\.\d\d){12}", row) for row in aus[1:])
        assert all(re.fullmatch(r"[^,]+,-?\d\.\d\d", row) for row in valences[1:])
    assert not any(b"\r" in content for content in files.values())


def test_labels_name_the_emotion_of_every_clip(tmp_path: Path) -> None:
    clips = demo.generate(SMALL)
    demo.write(clips, tmp_path)
    lines = (tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["clip,emotion", *(f"{clip.name},{clip.emotion}" for clip in clips)]


def test_values_lie_in_openface_and_valence_ranges(frames: pd.DataFrame) -> None:
    assert set(AU_COLUMNS) < set(INTENSITIES)
    assert frames[AU_COLUMNS].to_numpy().min() == 0.0
    assert 3.0 < frames[AU_COLUMNS].to_numpy().max() <= 5.0
    assert frames["Valences"].between(-1, 1).all()
    assert frames["Valences"].min() < -0.5
    assert frames["Valences"].max() > 0.5
    zeros = frames["Valences"].to_numpy()[frames["Valences"] == 0]
    assert len(zeros) > 0
    assert not np.signbit(zeros).any(), "would be written as -0.00"


@pytest.mark.parametrize("clips_per_subject", [1, 2, 3, 7])
@pytest.mark.parametrize("subjects", [3, 4, 120])
def test_names_are_unique_and_parse_at_any_size(subjects: int, clips_per_subject: int) -> None:
    names = demo.clip_names(subjects, clips_per_subject)
    pattern = re.compile(PARAMS.naming["expression"].pattern)
    matches = [match for name in names if (match := pattern.fullmatch(name))]
    assert len(set(names)) == len(matches) == subjects * clips_per_subject
    of_subject = pd.Series([match["subject"] for match in matches]).value_counts()
    assert of_subject.tolist() == [clips_per_subject] * subjects
    assert {match["valence_class"] for match in matches} == {"P", "N", "M"}


@pytest.mark.parametrize(("clips", "frames"), [(1, 1), (2, 2), (7, 3), (1, 1001)])
def test_sizes_follow_the_parameters(clips: int, frames: int) -> None:
    settings = Demo(seed=0, subjects=3, clips_per_subject=clips, frames_per_clip=frames)
    generated = demo.generate(settings)
    assert len(generated) == 3 * clips
    for clip in generated:
        assert len(clip.aus) == len(clip.valences) == clip.aus["Image"].nunique() == frames
        assert clip.aus["Image"].tolist() == sorted(clip.valences["Image"])
        assert np.isfinite(clip.aus[AU_COLUMNS].to_numpy()).all()


def test_every_emotion_occurs_in_the_class_that_can_show_it(frames: pd.DataFrame) -> None:
    clips = frames.drop_duplicates("clip")
    dealt = pd.crosstab(clips["valence_class"], clips["emotion"])
    assert set(dealt.columns) == {"neutral", *PARAMS.label.rules}
    assert dealt.loc["P"].drop("happiness").sum() == 0
    assert (dealt.loc["N", list(demo.NEGATIVE)] == SUBJECTS / 5).all()
    assert dealt.loc["N"].sum() == SUBJECTS
    assert 0.1 <= clips["emotion"].eq("neutral").mean() <= 0.23


def test_subjects_have_faces_of_their_own() -> None:
    frames = frames_of(PARAMS.demo)
    # AU 4 shows what a resting face adds: most of its variance belongs to the person.
    means = frames[frames["emotion"] == "neutral"].groupby("subject")["AU04_r"].mean()
    assert means.nunique() > 0.5 * len(means)
    assert means.std() > 0.2


def test_all_action_units_move_and_rest(frames: pd.DataFrame) -> None:
    assert (frames[AU_COLUMNS].std() > 0.1).all()
    resting = (frames[AU_COLUMNS] == 0).mean()
    assert resting.between(0.02, 0.9).all()
    assert 0.25 < resting.mean() < 0.55


def test_neighbouring_frames_resemble_each_other(frames: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    ordered, shuffled = [], []
    for _, clip in frames.groupby("clip"):
        values = clip[AU_COLUMNS].to_numpy()
        moving = values[:, values.std(axis=0) > 0.1]
        ordered.append(_lag_one(moving))
        shuffled.append(_lag_one(rng.permutation(moving, axis=0)))
    assert np.mean(ordered) > 0.6
    assert abs(np.mean(shuffled)) < 0.1


def _lag_one(values: np.ndarray) -> float:
    centred = values - values.mean(axis=0)
    return float(np.mean((centred[1:] * centred[:-1]).sum(axis=0) / (centred**2).sum(axis=0)))


def test_valence_follows_class_and_smile(frames: pd.DataFrame) -> None:
    mean = frames.groupby("valence_class")["Valences"].mean()
    assert mean["P"] > 0.2 > mean["M"] > -0.2 > mean["N"]
    happy = frames[frames["emotion"] == "happiness"]
    assert happy["Valences"].corr(happy["AU12_r"]) > 0.3


@pytest.mark.parametrize("emotion", PARAMS.label.rules)
def test_rule_finds_the_emotion_imperfectly(frames: pd.DataFrame, emotion: str) -> None:
    auroc = roc_auc_score(frames["emotion"] == emotion, rule(frames, emotion))
    assert 0.55 < auroc < 0.95


def test_happiness_is_the_easiest_emotion(frames: pd.DataFrame) -> None:
    auroc = {e: roc_auc_score(frames["emotion"] == e, rule(frames, e)) for e in PARAMS.label.rules}
    assert max(auroc, key=auroc.__getitem__) == "happiness"


@pytest.mark.parametrize("emotion", PARAMS.label.rules)
def test_every_split_has_positives(frames: pd.DataFrame, emotion: str) -> None:
    labels = gated(frames, emotion)
    shuffled = np.random.default_rng(7).permutation(frames["subject"].unique())
    for subjects in np.split(shuffled, [12, 16]):
        share = labels[frames["subject"].isin(subjects)]
        assert (share > PARAMS.weigh.positive_above).mean() > 0.1
        assert (share >= PARAMS.evaluate.positive_at).mean() > 0.02
        assert (share < PARAMS.evaluate.positive_at).mean() > 0.5


def test_fear_and_anxiety_differ(frames: pd.DataFrame) -> None:
    fear, anxiety = gated(frames, "fear"), gated(frames, "anxiety")
    negative = frames["valence_class"] == "N"
    assert ((fear - anxiety).abs()[negative] > 0.05).mean() > 0.3


def test_resting_normal_has_the_share_and_mean_asked_for() -> None:
    mu, sigma = simulation.rectified(share=0.35, mean=0.8)
    drawn = mu + sigma * np.random.default_rng(0).standard_normal(400_000)
    assert np.mean(drawn > 0) == pytest.approx(0.35, abs=0.005)
    assert drawn[drawn > 0].mean() == pytest.approx(0.8, abs=0.01)


def test_envelopes_rise_and_fall_around_a_mean_of_one() -> None:
    drawn = simulation.envelopes(clips=30, frames=50, rng=np.random.default_rng(0))
    assert drawn.mean(axis=1) == pytest.approx(1.0)
    assert (drawn[:, 25] > 1).all()
    assert (drawn[:, [0, -1]] < 0.5).all()


def test_main_replaces_the_clips_of_an_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(PARAMS_FILE, paths.PARAMS)
    more = PARAMS.demo.model_copy(update={"subjects": SUBJECTS + 10, "clips_per_subject": 4})
    demo.write(demo.generate(more), paths.DEMO)
    own = paths.DEMO / "AUs" / "E01_CT_P_aus.csv"
    own.write_text("somebody's recording", encoding="utf-8")

    demo.main()

    clips = {f"D{s:02d}_CT_{c}" for s in range(1, SUBJECTS + 1) for c in "PNM"}
    found = {path.name for path in (paths.DEMO / "AUs").iterdir()} - {own.name}
    assert found == {f"{clip}_aus.csv" for clip in clips}
    valences = {path.name for path in (paths.DEMO / "Valences").iterdir()}
    assert valences == {f"{clip}_valences.csv" for clip in clips}
    assert own.exists()
    assert capsys.readouterr().out == "data/demo: 120 clips of 40 subjects, 6000 frames.\n"
