import numpy as np
import pyarrow as pa
import pytest

from pipeline.data.card.counting.frame_summary import FrameSummary


def frames_of(people, aus, clips=2):
    """Make frames from {subject: (split, (frames, AUs) values)}; clips share a person's frames."""
    columns = {name: [] for name in ("subject", "clip", "split")}
    values = []
    for subject, (split, own) in people.items():
        values.append(np.asarray(own, dtype=np.float32))
        columns["subject"] += [subject] * len(own)
        columns["split"] += [split] * len(own)
        columns["clip"] += [f"{subject}_{i * clips // len(own)}" for i in range(len(own))]
    table = {name: pa.array(words).dictionary_encode() for name, words in columns.items()}
    joined = np.vstack(values)
    return pa.table(table | {name: joined[:, i] for i, name in enumerate(aus)})


def summary_of(people, aus):
    summary = FrameSummary(aus)
    summary.add(frames_of(people, aus))
    summary.finish()
    return summary


def told(summary):
    return {found["code"]: found for found in summary.warnings()}


def crowd(count, split, random, shift=0.0, frames=20):
    """Make people whose AU12 differs between them by about 0.5, within them by 0.2."""
    people = {}
    for i in range(count):
        own = np.clip(2 + shift + random.normal(0, 0.5) + random.normal(0, 0.2, (frames, 1)), 0, 5)
        people[f"{split}{i:03d}"] = (split, own)
    return people


def test_states_of_aus_by_split():
    aus = ["AU01_r", "AU02_r", "AU04_r", "AU05_r", "AU06_c"]
    moving = np.zeros((200, 5))
    moving[:, 1] = 0.5  # AU2 is never expressed, and does not move
    moving[:1, 2] = 3.0  # AU4 in one frame
    moving[:20, 3] = 5.0  # AU5 at the top in a tenth
    moving[:100, 4] = 1.0
    still = moving.copy()
    still[:, 3] = 0.0
    summary = summary_of({"A": ("train", moving), "B": ("test", still)}, aus)
    rows = {(row["split"], row["au"]): row for row in summary.activity.rows()}
    states = [rows["train", au]["state"] for au in aus]
    assert states == ["dead", "dead", "rare", "saturated", "ok"]
    assert rows["test", "AU05_r"]["state"] == "dead"
    assert rows["val", "AU05_r"]["state"] is None
    assert rows["train", "AU04_r"]["expressed_share"] == 0.005
    assert rows["train", "AU05_r"]["saturated_share"] == 0.1
    assert rows["train", "AU05_r"]["mean"] == pytest.approx(0.5)
    found = told(summary)
    assert found["dead_au"]["number"] == 2
    assert "AU05_r never move in test" in found["dead_au_in_split"]["message"]
    assert found["rare_au"]["message"].startswith("AU04_r are expressed")
    assert found["few_subjects"]["number"] == 1


def test_a_mean_of_a_clip_is_not_rare_for_being_low():
    low = np.zeros((300, 3))
    low[::2, 0] = 0.2  # AU1 comes and goes in half of the clips: its mean never reaches 1
    low[:2, 1] = 4.0  # AU2 in two clips of 300
    low[:, 2] = np.linspace(0, 3, 300)
    people = {"A": ("train", low)}
    frames = frames_of(people, ["AU01_r", "AU02_r", "AU04_r"], clips=300)
    summary = FrameSummary(["AU01_r", "AU02_r", "AU04_r"])
    summary.add(frames)
    summary.finish()
    assert [row["state"] for row in summary.activity.rows()[:3]] == ["ok", "rare", "ok"]
    message = told(summary)["rare_au"]["message"]
    assert message.startswith("AU02_r are above 0 in less than 1% of the training clips")
    of_images = summary_of(people, ["AU01_r", "AU02_r", "AU04_r"])
    assert [row["state"] for row in of_images.activity.rows()[:3]] == ["rare", "rare", "ok"]


@pytest.mark.parametrize("at_once", [1, 50, 1 << 16])
def test_batches_count_as_the_whole(monkeypatch, at_once):
    monkeypatch.setattr("pipeline.data.card.counting.frame_summary.AT_ONCE", at_once)
    random = np.random.default_rng(0)
    people = crowd(6, "train", random) | crowd(5, "test", random)
    whole = summary_of(people, ["AU12_r"])
    table, parts = frames_of(people, ["AU12_r"]), FrameSummary(["AU12_r"])
    for start in range(0, table.num_rows, 33):
        parts.add(table.slice(start, 33))
    parts.finish()
    assert parts.as_dict() == whole.as_dict()
    assert parts.activity.rows() == whole.activity.rows()
    assert parts.activity.drift() == whole.activity.drift()


def test_people_who_differ_from_training_are_named_and_others_are_not():
    random = np.random.default_rng(1)
    people = crowd(30, "train", random) | crowd(20, "val", random)
    people |= crowd(20, "test", random, shift=1.0)
    summary = summary_of(people, ["AU12_r"])
    drift = {row["split"]: row for row in summary.activity.drift()}
    assert drift["test"]["difference"] == pytest.approx(2, abs=0.6)
    assert drift["test"]["beyond_chance"]
    assert not drift["val"]["beyond_chance"]
    assert "people in test differ" in told(summary)["au_drift"]["message"]


def test_random_deals_seldom_count_as_drift():
    """Hold the bound to what it promises: 5 alarms of 100 on average."""
    alarms = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        people = crowd(8, "train", random, frames=2) | crowd(4, "test", random, frames=2)
        drift = summary_of(people, ["AU12_r"]).activity.drift()
        alarms += sum(bool(row["beyond_chance"]) for row in drift)
    assert alarms <= 12  # more has a probability of 0.2 % where 5 are expected


def test_one_person_in_a_split_cannot_show_drift():
    random = np.random.default_rng(2)
    people = crowd(5, "train", random) | crowd(1, "test", random, shift=3.0)
    drift = {row["split"]: row for row in summary_of(people, ["AU12_r"]).activity.drift()}
    assert drift["test"]["difference"] is None
    assert drift["test"]["beyond_chance"] is None
