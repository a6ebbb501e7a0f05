"""Whether drift is found where it is, not where it is not, and not claimed where none can tell."""

import json
import math

import numpy as np
import pytest
from reports import table_rows
from scipy import stats

from pipeline.data.card.profile import BINS, Profile
from pipeline.drift import drift_page, shift_test
from pipeline.drift.shift_test import DriftBounds, compare, psi, smallest_p
from pipeline.report.pages.text import to_markdown

BOUNDS = DriftBounds(level=0.01, psi=0.2, permutations=1000, seed=7)
ITEMS = ("AU04_r", "AU12_r", "predicted/happiness")
FRAMES = 120


def make(subjects: int, seed: int, shift: float = 0.0, lift: float = 0.0) -> Profile:
    """Draw people whose levels differ by a fifth of the range.

    AU12 is shifted by `shift` of the range, zeros as well, and lifted by `lift`, but for zeros.
    """
    rng = np.random.default_rng(seed)
    level = rng.normal(0.2, 0.2, (subjects, 1, len(ITEMS)))
    level[:, :, 1] += lift
    walk = np.repeat(rng.normal(0, 0.2, (subjects, FRAMES // 20, len(ITEMS))), 20, axis=1)
    values = np.maximum(level + walk, 0)  # twenty frames in a row are the same
    values[:, :, 1] += shift
    cells = np.ceil(np.minimum(values, 1) * BINS).astype(int)
    counts = np.zeros((subjects, len(ITEMS), BINS + 1), dtype=np.int64)
    place = np.arange(subjects)[:, None, None], np.arange(len(ITEMS))
    np.add.at(counts, (*place, cells), 1)
    return Profile(ITEMS, counts)


def test_people_of_the_same_kind_are_no_drift_though_frames_alone_would_tell_them_apart():
    alarms, naive = 0, 0
    for seed in range(40):
        training, new = make(12, seed), make(6, 1000 + seed)
        alarms += compare(training, new, BOUNDS).outcome == "drift"
        pooled = [
            np.repeat(np.arange(BINS + 1), p.counts[:, 0].sum(axis=0)) for p in (training, new)
        ]
        naive += stats.ks_2samp(*pooled).pvalue < BOUNDS.level
    assert alarms <= 2
    assert naive > 20  # what treating frames as observations would have done


def test_a_shift_of_one_action_unit_is_found_and_named_and_nothing_else():
    found = compare(make(12, 1), make(6, 2, shift=0.3), BOUNDS)
    assert found.outcome == "drift"
    assert found.items.set_index("item")["drift"].to_dict() == {
        "AU04_r": False,
        "AU12_r": True,
        "happiness": False,
    }
    assert found.reasons[0].startswith("AU AU12_r: mean")


def test_a_shift_is_found_where_people_differ_by_more_than_it():
    rng = np.random.default_rng(3)

    def people(count: int, shift: int) -> Profile:
        counts = np.zeros((count, 3, BINS + 1), dtype=np.int64)
        counts[:, :, shift] = 12  # everybody rests at times, in all items
        for own in counts:
            own[:, rng.integers(20, 80) + shift] = FRAMES - 12
        return Profile(ITEMS, counts)

    assert compare(people(12, 0), people(6, 0), BOUNDS).outcome == "no drift"
    assert compare(people(12, 0), people(6, 10), BOUNDS).outcome == "drift"


def test_a_difference_that_is_certain_but_small_is_no_drift():
    found = compare(make(300, 1), make(300, 2, lift=0.05), BOUNDS)
    row = found.items.loc[1]
    assert row["p"] <= BOUNDS.level
    assert row["psi"] < BOUNDS.psi
    assert found.outcome == "no drift"


@pytest.mark.parametrize(("training", "new"), [(60, 2), (2, 60), (4, 3)])
def test_of_too_few_people_nothing_is_told(training, new):
    found = compare(make(training, 1), make(new, 2, shift=0.5), BOUNDS)
    assert found.outcome == "unknown"
    assert found.reasons[-1].startswith(f"subjects: {new} new beside {training}")
    assert found.items["p"].isna().all()
    assert not found.items["drift"].any()


def test_intensities_of_another_unit_are_drift_even_for_one_person():
    training, one = make(12, 1), make(1, 2)
    small = Profile(ITEMS, one.counts.copy())
    small.counts[:, :2] = 0
    small.counts[:, :2, BINS // 5] = FRAMES  # all at intensity 1
    found = compare(training, small, BOUNDS)
    assert found.outcome == "drift"
    assert found.reasons[0].startswith("units:")
    assert "cannot be told" in found.reasons[1]
    assert compare(small, small, BOUNDS).outcome == "unknown"  # training reached no more


def test_the_smallest_p_is_one_deal_of_all():
    assert smallest_p(12, 3) == 1 / math.comb(15, 3)
    assert smallest_p(4, 4) == 2 / math.comb(8, 4)
    assert smallest_p(0, 3) == 1


def test_p_is_uniform_where_there_is_nothing():
    everyone = make(15, 3)
    rng = np.random.default_rng(5)
    found = []
    for _ in range(150):
        order = rng.permutation(15)
        old, new = (Profile(ITEMS, everyone.counts[part]) for part in (order[:10], order[10:]))
        found.append(compare(old, new, DriftBounds(0.01, 0.2, 200, 7)).items["p"].min())
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_shift_of_noticed_from_is_found_sometimes_and_twice_that_nearly_always():
    training = make(14, 1)
    quiet = [compare(training, make(7, seed), BOUNDS).items["noticed_from"][1] for seed in range(9)]
    shift = float(np.median(quiet)) / 5  # in units of the range

    def hits(shift: float) -> int:
        drawn = (make(7, seed, shift) for seed in range(100, 140))
        return sum(compare(training, new, BOUNDS).items["drift"][1] for new in drawn)

    assert 8 <= hits(shift) <= 38
    assert hits(2 * shift) >= 36


def test_psi_is_that_of_its_formula_over_tenths():
    training, new = np.full(10, 0.1), np.array([0.05] * 9 + [0.55])
    expected = sum((q - p) * math.log(q / p) for p, q in zip(training, new, strict=True))
    assert psi(training, new) == pytest.approx(expected)
    assert psi(training, training) == 0
    assert np.isfinite(psi(np.eye(10)[0], np.eye(10)[9]))


def test_ks_and_outside_are_those_of_a_plain_count():
    training, new = make(5, 1), make(5, 2, shift=0.4)
    found = compare(training, new, BOUNDS).items
    for item in range(len(ITEMS)):
        old, fresh = (p.counts[:, item].mean(axis=0) / FRAMES for p in (training, new))
        assert found["ks"][item] == pytest.approx(np.abs(np.cumsum(old - fresh)).max())
        cells = np.flatnonzero(training.counts[:, item].sum(axis=0))
        beyond = new.counts[:, item].sum(axis=0).copy()
        beyond[cells.min() : cells.max() + 1] = 0
        assert found["outside"][item] == pytest.approx(beyond.sum() / new.frames)


def test_memory_for_permutations_is_bounded_and_changes_nothing(monkeypatch):
    training, new = make(9, 1), make(5, 2)
    whole = compare(training, new, BOUNDS).items
    monkeypatch.setattr(shift_test, "_CELLS", 14 * 7)
    parts = compare(training, new, BOUNDS).items
    assert whole.equals(parts)


def page(found: shift_test.Drift) -> drift_page.Comparison:
    return drift_page.Comparison("new", "the model in outputs/train", 4, BOUNDS, found)


def test_the_page_says_outcome_and_reason_first_and_marks_what_drifted():
    found = compare(make(12, 1), make(6, 2, shift=0.3), BOUNDS)
    shown = drift_page.drift_page(page(found))
    assert shown.lead[0].startswith("Drift:")
    assert shown.lead[1].startswith("AU AU12_r: mean")
    assert "4 rows quarantined" in shown.about[0]
    text = to_markdown(shown)
    marks = {item: mark for item, mark, *_ in table_rows(text)}
    assert marks["AU12_r"] == "drift"
    assert marks["AU04_r"] == ""
    assert f"({drift_page.FIGURE})" in text


def test_no_drift_says_what_would_have_been_noticed():
    found = compare(make(12, 1), make(6, 2), BOUNDS)
    outcome, power = drift_page.headlines(found)
    assert outcome == "No drift was found."
    least, most = found.items["noticed_from"][:2].min(), found.items["noticed_from"][:2].max()
    assert power.startswith("With 6 new subjects beside 12, a shift would be noticed")
    assert f"from {least:.2f} (AU" in power
    assert f"to {most:.2f} (AU" in power
    assert len(drift_page.headlines(compare(make(12, 1), make(2, 2), BOUNDS))) == 2


def test_the_data_of_the_page_are_json_without_nan():
    found = compare(make(12, 1), make(2, 2), BOUNDS)
    text = json.dumps(drift_page.as_dict(page(found)), allow_nan=False)
    told = json.loads(text)
    assert told["outcome"] == "unknown"
    assert told["subjects"] == {"training": 12, "new": 2}
    assert told["items"][0]["p"] is None
    assert told["items"][0]["drift"] is False


def test_the_figure_is_the_same_each_time(tmp_path):
    from pipeline.report.figures.files import save

    training, new = make(12, 1), make(6, 2, shift=0.3)
    found = compare(training, new, BOUNDS)
    for name in ("one", "two"):
        save(drift_page.figure(training, new, found), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    words = [
        t.get_text()
        for a in drift_page.figure(training, new, found).axes
        for t in a.get_yticklabels()
    ]
    assert words == ["AU04_r", "AU12_r ▸ drift", "happiness"]
