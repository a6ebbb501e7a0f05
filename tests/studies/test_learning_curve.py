import contextlib
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.report.pages.text import to_markdown
from pipeline.settings import params
from studies.cells import cell_of, compute
from studies.frames import load_whole
from studies.learning_curve.__main__ import run
from studies.learning_curve.asking import PLACE, Curve, OwnClips, sizes_of
from studies.learning_curve.found import Found, clips_table
from studies.learning_curve.page import curve_page, told
from studies.learning_curve.power_law import fit_laws
from studies.own_clips import with_few_clips
from studies.people import Part, fewer
from studies.settings import Dealing, LearningCurveParams

PEOPLE = (4.0, 8.0, 12.0, 16.0)


@pytest.fixture(scope="module")
def study():
    return LearningCurveParams(
        folds=Dealing(number=2, given=None, validation=0.25),
        seeds=(1, 2),
        shares=(0.3, 0.6, 1.0),
        times=2.0,
        worth=0.01,
        own_clips=(2, 4, 40),
        jobs=1,
    )


@pytest.fixture(scope="module")
def found(study, studied, settings):
    with contextlib.chdir(studied):
        return run(study, settings)


def scores(*points, spread=0.001):
    random = np.random.default_rng(0)
    return tuple(
        Samples("x", ("all",), np.array([p]), p + spread * random.standard_normal((100, 1)), 20, 0)
        for p in points
    )


def found_of(study, settings, whole, points, spread=0.001):
    curve = Curve(PEOPLE, scores(*points, spread=spread))
    return Found(study, settings, whole, curve, fit_laws(PEOPLE, curve.scores), None)


def test_a_law_that_was_planted_is_found_again():
    planted = [0.8 - 0.2 * (n / 16) ** -0.7 for n in PEOPLE]
    laws = fit_laws(PEOPLE, scores(*planted))
    assert laws.laws[0] == pytest.approx([0.8, 0.2, 0.7], abs=1e-3)
    assert laws.at(64)[0] == pytest.approx(0.8 - 0.2 * 4**-0.7, abs=1e-3)
    low, high = np.quantile(laws.at(32)[1:], [0.025, 0.975])
    assert low < 0.8 - 0.2 * 2**-0.7 < high


@pytest.mark.parametrize(
    ("points", "spread", "answer"),
    [
        ((0.40, 0.50, 0.56, 0.60), 0.001, "Yes"),
        ((0.598, 0.599, 0.600, 0.600), 0.001, "No"),
        ((0.60, 0.56, 0.53, 0.50), 0.001, "No"),
        ((0.55, 0.56, 0.57, 0.58), 0.05, "Cannot be told"),
    ],
)
def test_the_question_is_answered_in_one_sentence(study, world, settings, points, spread, answer):
    world()
    found = found_of(study, settings, load_whole(), points, spread)
    assert told(found)[0].startswith(f"Would more recordings help? {answer}: 2 times the people")


def test_a_ceiling_that_was_not_found_is_said(study, world, settings):
    world()
    whole, told_of = load_whole(), "do not bend enough"
    straight, bent = (
        to_markdown(curve_page(found_of(study, settings, whole, points)))
        for points in ((0.2, 0.4, 0.6, 0.8), (0.40, 0.55, 0.59, 0.60))
    )
    assert told_of in straight
    assert told_of not in bent


def test_few_people_are_among_more_and_nobody_else_changes():
    part = Part(tuple(f"p{i}" for i in range(9)), ("v",), ("t",))
    few, many = fewer(part, 3, 7), fewer(part, 6, 7)
    assert (len(few.train), len(many.train)) == (3, 6)
    assert set(few.train) < set(many.train) < set(part.train)
    assert (few.validation, few.test) == (part.validation, part.test)
    assert fewer(part, 3, 8).train != few.train


def test_too_few_people_for_a_curve_are_one_line():
    parts = [(7, [Part(("a", "b"), ("v",), ("t",))])]
    with pytest.raises(InputError, match=r"2 training people that makes \[1, 2\]. A curve needs 3"):
        sizes_of((0.25, 0.5, 1.0), parts)


@pytest.mark.parametrize("number", [1, 2, 4, 5, 6, 9])
def test_people_who_bring_few_clips_bring_so_many_and_every_row_is_asked_once(world, number):
    world()
    asked = load_whole().of(("p01", "p04"))
    frames, place = with_few_clips(asked, (number,), 3)
    clips = frames.group_by("subject").aggregate([("clip", "count_distinct")])
    assert set(clips["clip_count_distinct"].to_pylist()) == {min(number, 6)}
    assert frames["clip"].take(place).to_pylist() == asked.frames["clip"].to_pylist()
    assert len(set(place.tolist())) == len(place)
    for new, old in zip(
        frames["subject"].take(place).to_pylist(), asked.frames["subject"].to_pylist(), strict=True
    ):
        assert new.startswith(old)


def test_who_brings_all_clips_is_told_what_he_is_told_anyway(world, settings):
    world()
    calibrated = params.with_values(settings, {"features.calibrate": "subject"}, PLACE)
    part = Part(("p00", "p01", "p02", "p03"), ("p04",), ("p05", "p06"))
    cell = cell_of(baselines.NETWORK, calibrated, part, 7)
    plain, few = compute([cell, replace(cell, own_clips=(2, 6))], 1)
    rows = len(plain.places)
    assert np.array_equal(few.places, np.tile(plain.places, 2))
    assert np.allclose(few.predicted[rows:], plain.predicted, atol=1e-6)
    assert not np.allclose(few.predicted[:rows], plain.predicted, atol=1e-3)


def test_a_study_tells_of_people_and_of_clips(found):
    assert found.tables["people"]["people"].tolist() == [1.0, 2.0, 3.0]
    clips = found.tables["clips"]
    assert clips["clips"].tolist()[:2] == [2, 4]  # nobody has 40
    assert clips["calibrate"].tolist() == ["subject"] * 3 + ["none"]
    page = to_markdown(found.page)
    assert "Would more recordings help?" in page
    assert "Calibration by clips of a new person" in page
    assert {one.name for one in found.inner} == {
        *("1 people", "2 people", "3 people"),
        *("2 own_clips", "4 own_clips"),
    }


@pytest.mark.usefixtures("found")  # its cells
def test_clips_that_nobody_has_are_not_asked(study, studied, settings, monkeypatch):
    monkeypatch.chdir(studied)
    found = run(study.model_copy(update={"own_clips": (20, 40)}), settings)
    assert "Not asked: half of the people have 6 clips or fewer" in to_markdown(found.page)
    assert found.tables["clips"].empty


def test_a_number_of_clips_that_harms_is_named(study, world, settings):
    world()
    found = found_of(study, settings, load_whole(), (0.4, 0.5, 0.56, 0.6))
    harmful, *_, none = scores(0.45, 0.61, 0.62, 0.5)
    own = OwnClips(Curve((2, 5, 10), (harmful, *scores(0.61, 0.62))), scores(0.63)[0], none)
    lines = told(replace(found, own_clips=own))
    assert "with 2 clips more than 0.01 below none on average" in lines[-1]
    assert "certainly better from 5 on." in lines[-1]
    assert len(clips_table(replace(found, own_clips=own))) == 5
    useless = OwnClips(Curve((2, 5), scores(0.50, 0.49)), scores(0.5)[0], none)
    assert told(replace(found, own_clips=useless))[-1].endswith(
        "; not certainly better with any number of clips that was tried."
    )


@pytest.mark.parametrize(
    ("update", "told_of"),
    [
        ({"seeds": (7,)}, r"seeds is \[7\]; two or more"),
        ({"shares": (0.9, 1.0)}, "A curve needs 3 or more different numbers"),
        ({"folds": Dealing(number=9, given=None, validation=0.2)}, "there are 8 people"),
    ],
)
def test_what_cannot_be_asked_is_one_line(study, world, settings, update, told_of):
    world()
    with pytest.raises(InputError, match=told_of):
        run(study.model_copy(update=update), settings)


def test_the_parameters_that_ship_are_read():
    study = params.load_as(LearningCurveParams, PLACE)
    assert max(study.shares) == 1
    assert study.own_clips == (2, 5, 10, 20, 40)
