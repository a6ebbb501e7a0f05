"""What becomes of candidates in a real store: who is champion, what is written, what is undone."""

import json
from pathlib import Path

import pytest
from candidates import PEOPLE, guesses, labels

from pipeline.errors import InputError
from pipeline.promotion import promote as promotion
from pipeline.promotion.promote import judged, promote
from pipeline.promotion.rollback import rollback

POOR, GOOD, BETTER = guesses([0.0, 0.0]), guesses([0.45, 0.45]), guesses([0.9, 0.9])
FORGETS = guesses([0.9, 0.05])  # happiness known, sadness at random


@pytest.fixture
def judge(settings):
    def judged_now(key, **options):
        return promote(settings, key, **{"renew": False, "dry_run": False} | options)

    return judged_now


def test_first_champion_then_the_next_and_back(candidate, judge, registry, settings):
    first = candidate(GOOD)
    outcome = judge(first)
    assert outcome.word == "promoted"
    assert registry.aliases() == {"champion": "1"}
    second = candidate(BETTER)
    assert judge(second).word == "promoted"
    assert registry.aliases() == {"champion": "2", "previous": "1"}
    old, new = rollback(settings, None)
    assert (old.number, new.number) == ("2", "1")
    assert registry.aliases() == {"champion": "1"}
    taken = judge(second)
    assert taken.word == "refused"
    assert taken.decision.verdict.broken == ["was_champion"]
    assert registry.aliases() == {"champion": "1"}
    rollback(settings, "2")
    assert registry.aliases() == {"champion": "2", "previous": "1"}


def test_the_verdict_stands_on_version_and_run(candidate, judge, registry, client):
    judge(candidate(GOOD))
    key = candidate(BETTER)
    judge(key)
    version = registry.version_of(key)
    assert version.tags["promotion.verdict"] == "promoted"
    assert version.tags["promotion.against"] == "1"
    assert version.tags["promotion.replaced"] == "1"
    assert version.tags["promotion.rule.gain"].startswith("holds: mean average precision")
    text = client.get_model_version(registry.name, version.number).description
    assert "version 2 promoted" in text
    run = client.get_run(version.run_id)
    assert run.data.tags["promotion.verdict"] == "promoted"
    assert run.data.tags["promotion.version"] == "2"
    path = client.download_artifacts(run.info.run_id, "promotion/verdict.json")
    told = json.loads(Path(path).read_text())
    assert told["verdict"] == "promoted"
    assert {rule["name"] for rule in told["rules"]} == {
        *("gain", "emotion_falls", "calibration", "test_rows", "new_warnings")
    }
    assert told["subjects"] == len(PEOPLE)


def test_a_model_without_certain_gain_is_kept_and_the_challenger(candidate, judge, registry):
    judge(candidate(BETTER))
    assert judge(candidate(guesses([0.9, 0.9], seed=1))).word == "kept"
    assert registry.aliases() == {"champion": "1", "challenger": "2"}


def test_a_model_that_forgets_an_emotion_is_refused_by_that_rule(candidate, judge):
    judge(candidate(GOOD))
    outcome = judge(candidate(FORGETS))
    assert outcome.word == "refused"
    assert "emotion_falls" in outcome.decision.verdict.broken
    rule = next(r for r in outcome.decision.verdict.rules if r.name == "emotion_falls")
    assert "sadness" in rule.says
    assert "happiness" not in rule.says


def test_a_first_model_that_knows_nothing_is_refused(candidate, judge, registry):
    assert judge(candidate(POOR)).word == "refused"
    assert "champion" not in registry.aliases()


def test_the_champion_again_is_nothing_to_do(candidate, judge, registry):
    key = candidate(GOOD)
    judge(key)
    assert judge(key).word == "champion"
    assert len(registry.versions()) == 1


def test_a_dry_run_registers_nothing(candidate, judge, registry):
    assert judge(candidate(GOOD), dry_run=True).word == "promoted"
    assert registry.versions() == []


def test_other_test_rows_are_refused_with_the_way_out(candidate, judge):
    judge(candidate(GOOD))
    others = [*PEOPLE[:-1], "T9"]
    outcome = judge(candidate(guesses([0.9, 0.9], people=others), people=others))
    assert outcome.word == "refused"
    assert outcome.decision.verdict.broken == ["test_rows"]
    told = outcome.decision.verdict.rules[0].says
    assert "other people" in told
    assert "--renew-test" in told
    assert "T6" in told


def test_other_labels_of_the_same_rows_are_refused(candidate, judge):
    judge(candidate(GOOD))
    outcome = judge(candidate(BETTER, true=1 - labels()))
    assert outcome.decision.verdict.broken == ["test_rows"]
    assert "the same people, other frames or labels" in outcome.decision.verdict.rules[0].says


def test_a_run_that_was_not_evaluated_is_said(store, judge):
    from candidates import EXPERIMENT

    from pipeline.tracking.runs import training_run

    with training_run(EXPERIMENT, "train", {}, {}) as run:
        pass
    with pytest.raises(InputError, match="has no artifact evaluation/test_predictions"):
        judge(run.key)


def test_a_run_of_another_store_is_said(store, judge):
    with pytest.raises(InputError, match="Run nowhere is not in"):
        judge("nowhere")


def test_judged_is_what_would_be_judged_the_same(candidate, judge, settings):
    first, second = candidate(BETTER), candidate(guesses([0.9, 0.9], seed=1))
    assert judged(settings, first, renew=False) is None
    judge(first)
    assert judged(settings, first, renew=False).word == "champion"
    assert judged(settings, second, renew=False) is None
    judge(second)
    assert judged(settings, second, renew=False).word == "kept"
    stricter = settings.model_copy(
        update={"promote": settings.promote.model_copy(update={"margin": 0.1})}
    )
    assert judged(stricter, second, renew=False) is None


def test_a_champion_that_changed_meanwhile_is_judged_against_anew(
    candidate, judge, registry, monkeypatch, capsys
):
    judge(candidate(GOOD))
    rival, late = candidate(BETTER), candidate(guesses([0.9, 0.9], seed=1))
    decide = promotion._decide

    def slow(*arguments, **options):
        decision = decide(*arguments, **options)
        monkeypatch.setattr(promotion, "_decide", decide)
        judge(rival)  # another process is quicker
        return decision

    monkeypatch.setattr(promotion, "_decide", slow)
    outcome = judge(late)
    assert "the champion changed meanwhile" in capsys.readouterr().out
    assert outcome.word == "kept"
    assert outcome.decision.version.number == "2"
    assert registry.aliases() == {"champion": "2", "previous": "1", "challenger": "3"}


def test_killed_right_after_the_decisive_write_is_mended(candidate, judge, registry, monkeypatch):
    judge(candidate(GOOD))
    key = candidate(BETTER)
    with monkeypatch.context() as patch:
        patch.setattr(type(registry), "settle", lambda _: None)
        judge(key)
    assert registry.aliases() == {"champion": "2"}
    assert judge(key).word == "champion"
    assert registry.aliases() == {"champion": "2", "previous": "1"}
    assert registry.champion().was_champion


def test_killed_before_the_decisive_write_is_judged_again(
    candidate, judge, registry, settings, monkeypatch
):
    key = candidate(GOOD)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(registry), "crown", killed)
        with pytest.raises(KeyboardInterrupt):
            judge(key)
    assert registry.champion() is None
    assert judged(settings, key, renew=False) is None
    assert judge(key).word == "promoted"
    assert len(registry.versions()) == 1


def test_rollback_needs_a_version_that_was_champion(candidate, judge, settings):
    with pytest.raises(InputError, match="has no champion"):
        rollback(settings, None)
    judge(candidate(BETTER))
    with pytest.raises(InputError, match="none before it"):
        rollback(settings, None)
    judge(candidate(guesses([0.9, 0.9], seed=1)))
    with pytest.raises(InputError, match=r"never was champion; allowed are 1\."):
        rollback(settings, "2")
    with pytest.raises(InputError, match=r"no version 9; it has 1, 2"):
        rollback(settings, "9")
