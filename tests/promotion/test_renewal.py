"""The champion predicts test rows that are new to it, without the people it was trained on."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candidates import FEATURES, FRAMES, PEOPLE, keys, labels, make_candidate
from throwaway import PARAMS

from pipeline.errors import InputError
from pipeline.promotion.promote import promote
from pipeline.settings import params, paths
from pipeline.tracking.registry.registry import Registry

# S1 trained the champion, S0 the model that its training started from.
NEW = [*PEOPLE[2:], "S0", "S1", "N1", "N2"]
KNOWN = {"trained_on": ("S1", "S2"), "started_from": ("S0",)}


def aus(people):
    """Give AU12 and AU15 that tell happiness and sadness."""
    return np.abs(labels(people) * 3 - 0.5)


def write_frames(people):
    """Write the frame table of a new split, one person of training in front."""
    everybody = ["S9", *people]
    table = keys(everybody)
    for name, column in zip(FEATURES, aus(everybody).T, strict=True):
        table = table.append_column(name, pa.array(column.astype(np.float32)))
    split = ["train"] * FRAMES + ["test"] * (FRAMES * len(people))
    paths.FRAMES.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.append_column("split", pa.array(split)), paths.FRAMES)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """Give the file of a network that is right about AU12 and knows nothing of AU15."""
    import keras

    from pipeline.model.training.saving import save_model

    inputs = keras.Input((2,), name="action_units")
    dense = keras.layers.Dense(2, activation="sigmoid", name="emotions")
    model = keras.Model(inputs, dense(inputs))
    dense.set_weights([np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([-3.0, 0.0])])
    path = tmp_path_factory.mktemp("network") / "model.keras"
    save_model(model, path)
    return path


@pytest.fixture
def renewal(isolate, migrated, network, tmp_path, monkeypatch):
    """Enter a workspace with a champion on old test rows and a challenger on new ones."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    shutil.copy(migrated, tmp_path / "mlflow.db")
    old = labels()
    old[:, 1] = 0.5
    made = {"network": network, **KNOWN}
    champion = make_candidate(tmp_path / "a", old, **made)
    challenger = make_candidate(tmp_path / "b", labels(NEW), people=NEW)
    write_frames(NEW)
    settings = params.load(PARAMS)
    assert promote(settings, champion, renew=False, dry_run=False).word == "promoted"

    def judge(key=challenger, *, renew):
        return promote(settings, key, renew=renew, dry_run=False)

    return judge


def test_renewed_rows_are_compared_without_whom_the_champion_knows(renewal):
    assert renewal(renew=False).decision.verdict.broken == ["test_rows"]
    outcome = renewal(renew=True)
    assert outcome.word == "promoted"
    assert outcome.decision.left_out == 2
    assert outcome.decision.subjects == len(NEW) - 2
    assert not {"S0", "S1"} & {*outcome.decision.renewed.subject}
    expected = 1 / (1 + np.exp(3 - 2 * aus([p for p in NEW if p not in ("S0", "S1")])[:, 0]))
    np.testing.assert_allclose(outcome.decision.renewed.predicted[:, 0], expected, atol=1e-5)
    assert (outcome.decision.renewed.predicted[:, 1] == 0.5).all()


def test_the_next_challenger_on_these_rows_needs_no_renewal(renewal, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Registry, "crown", killed)
        with pytest.raises(KeyboardInterrupt):
            renewal(renew=True)
    outcome = renewal(renew=False)
    assert outcome.word == "promoted"
    assert outcome.decision.renewed is None
    assert outcome.decision.left_out == 2


def test_a_workspace_with_other_frames_is_an_error(renewal):
    write_frames([*NEW, "N3"])
    with pytest.raises(InputError, match="does not hold the test rows of run"):
        renewal(renew=True)


def test_labels_that_changed_on_purpose_judge_both(renewal, tmp_path):
    milder = make_candidate(tmp_path / "c", labels() / 2, true=labels() / 2)
    write_frames(PEOPLE)
    assert renewal(milder, renew=False).decision.verdict.broken == ["labels"]
    decision = renewal(milder, renew=True).decision
    assert "test_rows" not in decision.verdict.broken
    np.testing.assert_array_equal(decision.renewed.true, labels() / 2)
    assert decision.subjects == len(PEOPLE)
