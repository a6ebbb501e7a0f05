"""What becomes of candidates in a real store: who is champion, what is written, what is undone."""

import json
from pathlib import Path

import pytest
from candidates import EXPERIMENT, FRAMES, PEOPLE

from pipeline.errors import InputError
from pipeline.promotion import promote as promotion
from pipeline.promotion.promote import judged
from pipeline.promotion.rollback import rollback
from pipeline.promotion.verdict_page import headline
from pipeline.tracking.open_runs import training_run


def test_first_champion_then_the_next_and_back(made, judge, registry, settings):
    outcome = judge("fair")
    assert outcome.word == "promoted"
    assert registry.aliases() == {"champion": "1"}
    assert judge("good").word == "promoted"
    assert registry.aliases() == {"champion": "2", "previous": "1"}
    old, new = rollback(settings, None)
    assert (old.number, new.number) == ("2", "1")
    assert registry.aliases() == {"champion": "1"}
    taken = judge("good")
    assert taken.word == "refused"
    assert taken.decision.verdict.broken == ["was_champion"]
    assert registry.version("2").tags["promotion.verdict"] == "promoted"
    assert registry.aliases() == {"champion": "1"}
    rollback(settings, "2")
    assert registry.aliases() == {"champion": "2", "previous": "1"}


def test_constant_finds_all_by_a_threshold_of_its_own(made, judge):
    changes = judge("fair").decision.verdict.changes
    (found,) = (one for one in changes if one.metric == "f1" and one.emotion is None)
    assert found.first == pytest.approx(2 / 3)  # half of all labels are positive


def test_the_verdict_stands_on_version_and_run(made, judge, registry):
    judge("fair")
    judge("good")
    version = registry.version_of(made["good"])
    assert version.tags["promotion.verdict"] == "promoted"
    assert version.tags["promotion.against"] == "1"
    assert version.tags["promotion.replaced"] == "1"
    assert version.tags["promotion.rule.gain"].startswith("holds: mean average precision")
    text = registry.client.get_model_version(registry.name, version.number).description
    assert "version 2 promoted" in text
    run = registry.client.get_run(version.run_id)
    assert run.data.tags["promotion.verdict"] == "promoted"
    assert run.data.tags["promotion.version"] == "2"
    path = registry.client.download_artifacts(run.info.run_id, "promotion/verdict.json")
    told = json.loads(Path(path).read_text())
    assert told["verdict"] == "promoted"
    assert {rule["name"] for rule in told["rules"]} == {
        *("gain", "emotion_falls", "calibration", "test_rows", "new_warnings")
    }
    assert told["subjects"] == len(PEOPLE)


def test_a_model_without_certain_gain_is_kept_and_the_challenger(made, judge, registry):
    judge("good")
    assert judge("as good").word == "kept"
    assert registry.aliases() == {"champion": "1", "challenger": "2"}


def test_a_model_that_forgets_an_emotion_is_refused_by_that_rule(made, judge):
    judge("fair")
    outcome = judge("forgets sadness")
    assert outcome.word == "refused"
    assert "emotion_falls" in outcome.decision.verdict.broken
    rule = next(r for r in outcome.decision.verdict.rules if r.name == "emotion_falls")
    assert "sadness" in rule.says
    assert "happiness" not in rule.says


def test_a_first_model_that_knows_nothing_is_refused(made, judge, registry):
    assert judge("poor").word == "refused"
    assert "champion" not in registry.aliases()


def test_the_champion_again_is_nothing_to_do(made, judge, registry):
    judge("fair")
    assert judge("fair").word == "champion"
    assert len(registry.versions()) == 1


def test_a_dry_run_registers_nothing_and_names_the_run(made, judge, registry):
    outcome = judge("fair", dry_run=True)
    assert outcome.word == "promoted"
    assert registry.versions() == []
    name = registry.client.get_run(outcome.decision.challenger.run_id).info.run_name
    assert name
    assert headline(outcome.decision, None).startswith(f"run {name} would be promoted")


def test_other_test_rows_are_refused_with_the_way_out(made, judge):
    judge("fair")
    outcome = judge("other people")
    assert outcome.word == "refused"
    assert outcome.decision.verdict.broken == ["test_rows"]
    told = outcome.decision.verdict.rules[0].says
    assert "other people" in told
    assert "--renew-test" in told
    assert "T6" in told


def test_other_labels_of_the_same_rows_are_a_rule_of_their_own_which_names_them(made, judge):
    judge("fair")
    outcome = judge("other labels")
    assert outcome.decision.verdict.broken == ["labels"]
    (rule,) = outcome.decision.verdict.rules
    assert "happiness, sadness differ (by up to 1.00)" in rule.says
    assert "recipe" in rule.says
    assert "test_subjects" not in rule.says, "that cannot help"
    assert rule.numbers == {"happiness": 1.0, "sadness": 1.0}


def test_other_emotions_are_refused_and_a_name_of_their_own_lets_them_in(made, judge, settings):
    judge("fair")
    outcome = judge("other emotions", renew=True)
    assert outcome.decision.verdict.broken == ["labels"]
    told = outcome.decision.verdict.rules[0].says
    assert "other emotions (happiness, sadness) than this model (happiness, fear)" in told
    assert "promote.model" in told
    own = settings.promote.model_copy(update={"model": f"{settings.promote.model}-fear"})
    own_settings = settings.model_copy(update={"promote": own})
    done = promotion.promote(own_settings, made["other emotions"], renew=False, dry_run=True)
    assert done.word == "promoted"


def test_the_same_emotions_in_another_order_are_compared(made, judge):
    judge("fair")
    outcome = judge("other order")
    assert outcome.word == "promoted"
    assert outcome.decision.rows == FRAMES * len(PEOPLE)


def test_a_run_that_was_not_evaluated_is_said(made, judge):
    with training_run(EXPERIMENT, "train", {}, {}) as run:
        pass
    with pytest.raises(InputError, match="has no artifact evaluation/test_predictions"):
        judge(run.key)


def test_a_run_of_another_store_is_said(made, judge):
    with pytest.raises(InputError, match="Run nowhere is not in"):
        judge("nowhere")


def test_judged_is_what_would_be_judged_the_same(made, judge, settings):
    first, second = made["good"], made["as good"]
    assert judged(settings, first, renew=False) is None
    judge("good")
    assert judged(settings, first, renew=False).word == "champion"
    assert judged(settings, second, renew=False) is None
    judge("as good")
    assert judged(settings, second, renew=False).word == "kept"
    stricter = settings.model_copy(
        update={"promote": settings.promote.model_copy(update={"margin": 0.1})}
    )
    assert judged(stricter, second, renew=False) is None


def test_a_champion_that_changed_meanwhile_is_judged_against_anew(
    made, judge, registry, monkeypatch, capsys
):
    judge("fair")
    decide = promotion._decide

    def slow(*arguments, **options):
        decision = decide(*arguments, **options)
        monkeypatch.setattr(promotion, "_decide", decide)
        judge("good")  # another process is quicker
        return decision

    monkeypatch.setattr(promotion, "_decide", slow)
    outcome = judge("as good")
    assert "the champion changed meanwhile" in capsys.readouterr().out
    assert outcome.word == "kept"
    assert outcome.decision.version.number == "2"
    assert registry.aliases() == {"champion": "2", "previous": "1", "challenger": "3"}


def test_killed_right_after_the_decisive_write_is_mended(made, judge, registry, monkeypatch):
    judge("fair")
    with monkeypatch.context() as patch:
        patch.setattr(type(registry), "settle", lambda _: None)
        judge("good")
    assert registry.aliases() == {"champion": "2"}
    assert judge("good").word == "champion"
    assert registry.aliases() == {"champion": "2", "previous": "1"}
    assert registry.champion().was_champion


def test_killed_before_the_decisive_write_is_judged_again(
    made, judge, registry, settings, monkeypatch
):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(registry), "crown", killed)
        with pytest.raises(KeyboardInterrupt):
            judge("fair")
    assert registry.champion() is None
    assert judged(settings, made["fair"], renew=False) is None
    assert judge("fair").word == "promoted"
    assert len(registry.versions()) == 1


def test_rollback_needs_a_version_that_was_champion(made, judge, settings):
    with pytest.raises(InputError, match="has no champion"):
        rollback(settings, None)
    judge("good")
    with pytest.raises(InputError, match="none before it"):
        rollback(settings, None)
    judge("as good")
    with pytest.raises(InputError, match=r"never was champion; allowed are 1\."):
        rollback(settings, "2")
    with pytest.raises(InputError, match=r"no version 9; it has 1, 2"):
        rollback(settings, "9")
