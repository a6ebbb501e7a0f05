import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from throwaway import PARAMS

from pipeline.data.labels.assign import human_labels
from pipeline.errors import InputError
from pipeline.settings import params, paths
from pipeline.settings.data_sections import LabelRule
from pipeline.stages import label, prepare
from pipeline.stages.steps.labelling import facs_labeller

RULES = {  # emotion: action units, divisor, valence class (the improved recipe)
    "happiness": ((6, 12), 1.5, "P"),
    "anger": ((4, 5, 7), 1.2, "N"),
    "sadness": ((1, 4, 15), 1.2, "N"),
    "guilt": ((1, 4, 15, 17), 1.2, "N"),
    "fear": ((1, 2, 4, 5, 20), 1.0, "N"),
    "anxiety": ((1, 2, 4, 5, 17), 1.0, "N"),
}
AUS = sorted({au for aus, _, _ in RULES.values() for au in aus})

ROWS = st.lists(
    st.tuples(
        st.lists(st.floats(0, 5, width=32), min_size=len(AUS), max_size=len(AUS)),
        st.sampled_from("PNM"),
        st.floats(-1, 1, width=32),
    ),
    min_size=1,
    max_size=20,
)


def batch_of(rows) -> pa.Table:
    columns = {
        f"AU{au:02d}_r": pa.array([r[0][i] for r in rows], pa.float32()) for i, au in enumerate(AUS)
    }
    columns["clip"] = pa.array(["c"] * len(rows))
    columns["valence_class"] = pa.array([r[1] for r in rows]).dictionary_encode()
    columns["valence"] = pa.array([r[2] for r in rows], pa.float32())
    return pa.table(columns)


def oracle(intensities, valence_class, valence, gate) -> list[float]:
    """Label one frame in plain Python."""
    found = dict(zip(AUS, intensities, strict=True))
    labels = []
    for aus, divisor, wanted in RULES.values():
        score = min(1.0, sum(found[au] for au in aus) / len(aus) / divisor)
        if gate == "clip" and valence_class != wanted:
            score = 0.0
        if gate == "frame":
            score *= max(0.0, valence if wanted == "P" else -valence)
        labels.append(score)
    return labels


@pytest.fixture(scope="module")
def settings():
    return params.load(PARAMS)


@pytest.mark.parametrize("gate", ["clip", "frame", "none"])
@given(rows=ROWS)
def test_labels_equal_the_oracle_row_by_row(settings, gate, rows):
    chosen = settings.label.model_copy(update={"gate": gate})
    labels = facs_labeller(chosen, settings.chosen.divisors)(batch_of(rows))
    expected = np.array([oracle(*row, gate) for row in rows]).astype(np.float32)
    np.testing.assert_array_equal(labels, expected)


@given(rows=ROWS, weights=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)))
def test_weights_change_what_an_au_counts(settings, rows, weights):
    rule = LabelRule(aus=dict(zip((6, 12), weights, strict=True)), valence="P")
    chosen = settings.label.model_copy(update={"gate": "none", "rules": {"happiness": rule}})
    labels = facs_labeller(chosen, {"happiness": 1.5})(batch_of(rows))
    found = np.array([dict(zip(AUS, row[0], strict=True)) for row in rows])
    mean = [np.average([aus[6], aus[12]], weights=weights) for aus in found]
    expected = np.minimum(1, np.array(mean) / 1.5)
    np.testing.assert_allclose(labels[:, 0], expected, rtol=1e-6, atol=1e-30)


@given(rows=ROWS)
def test_mixed_clips_get_zeros(settings, rows):
    mixed = [(aus, "M", valence) for aus, _, valence in rows]
    labels = facs_labeller(settings.label, settings.chosen.divisors)(batch_of(mixed))
    assert not labels.any()


@pytest.mark.parametrize(("gate", "column"), [("clip", "valence_class"), ("frame", "valence")])
def test_a_gate_without_its_column_is_refused(settings, gate, column):
    batch = batch_of([([1.0] * len(AUS), "P", 0.5)] * 2)
    nulls = pa.array([None, None], batch.column(column).type)
    batch = batch.set_column(batch.schema.get_field_index(column), column, nulls)
    chosen = settings.label.model_copy(update={"gate": gate})
    with pytest.raises(InputError, match=rf"label\.gate is {gate}, but 2 frames"):
        facs_labeller(chosen, settings.chosen.divisors)(batch)


def test_human_labels_are_one_for_the_category():
    batch = pa.table({"clip": ["c"] * 3, "emotion": ["sad", "happy", "calm"]})
    labels = human_labels(batch, ["happy", "sad"])
    assert labels.tolist() == [[0, 1], [1, 0], [0, 0]]


def test_frames_without_a_human_category_are_refused():
    batch = pa.table({"clip": ["a", "b"], "emotion": ["sad", None]})
    with pytest.raises(InputError, match=r"1 frames have no emotion \(first: clip b\)"):
        human_labels(batch, ["sad"])


def test_real_recordings_give_the_known_counts(real_data, workspace, tree, capsys):
    tree["data"]["path"] = str(real_data / "expression")
    workspace(tree)
    prepare.main()
    label.main()
    said = capsys.readouterr().out
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    assert (account["rows_read"], account["rows_kept"]) == (821, 821)
    classes = pq.read_table(paths.FRAMES)["valence_class"].cast(pa.string()).value_counts()
    assert {str(c["values"]): c["counts"].as_py() for c in classes} == {
        "P": 310,
        "N": 278,
        "M": 233,
    }
    labels = pq.read_table(paths.LABELS).to_pandas()
    assert (labels > 0.1).sum().to_dict() == {
        "happiness": 196,
        "anger": 125,
        "sadness": 105,
        "guilt": 89,
        "fear": 86,
        "anxiety": 86,
    }
    assert (labels >= 0.5).sum().to_dict() == {
        "happiness": 93,
        "anger": 29,
        "sadness": 14,
        "guilt": 4,
        "fear": 3,
        "anxiety": 3,
    }
    assert "7 of 12 action units never move" in said
    assert "fear and anxiety have identical labels" in said
    assert "fear: AU01_r, AU02_r, AU05_r, AU20_r of its rule never move, 80%" in said


def test_a_rule_on_an_absent_action_unit_is_refused(real_data, workspace, tree):
    tree["data"]["path"] = str(real_data / "expression")
    tree["label"]["rules"]["anger"]["aus"] = [4, 9]
    workspace(tree)
    prepare.main()
    with pytest.raises(InputError, match=r"label\.rules\.anger needs AU09_r"):
        label.main()
