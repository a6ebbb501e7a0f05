"""An export gives what the network gives, or is not there."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exportable import KINDS, save_network
from small_model import COLUMNS, EMOTIONS, plain

from pipeline.data.features.feature_map import UNKNOWN
from pipeline.errors import InputError
from pipeline.prediction.exporting import checking, export, formats
from pipeline.prediction.exporting.contract import FILES
from pipeline.prediction.exporting.whole_network import whole_network
from pipeline.prediction.stored_model import StoredModel

FORMATS = list(FILES)


def exported(model: StoredModel, folder: Path, chosen: list[str] = FORMATS) -> list[Path]:
    found = export.export_model(model, model.load(), chosen, folder)
    assert all(one.size > 500 and one.measured.milliseconds > 0 for one in found)
    return [one.path for one in found]


@pytest.mark.parametrize(("kind", "members"), [("plain", 1), ("calibrated", 3)])
def test_every_format_gives_what_the_network_gives(tmp_path, kind, members):
    model = save_network(tmp_path, KINDS[kind](), members)
    paths = exported(model, tmp_path / "out")
    assert [path.name for path in paths] == list(FILES.values())
    rows = checking.check_rows(COLUMNS, 1000)
    expected = model.load()(model.features(*rows))
    assert expected.std(axis=0).min() > 0.02, "the network tells rows apart"
    for name, path in zip(FORMATS, paths, strict=True):
        found = formats.RUN[name](path)(checking.inputs_of(model.features, rows))
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES.values(), "model.json"}


def test_an_onnx_file_says_what_goes_in_and_comes_out(tmp_path):
    import onnxruntime

    model = save_network(tmp_path, KINDS["calibrated"]())
    [path] = exported(model, tmp_path / "out", ["onnx"])
    session = onnxruntime.InferenceSession(path)
    inputs = {one.name: one.shape for one in session.get_inputs()}
    wide = ["rows", 3]
    own = {"own_clips": ["rows", 1], "own_mean": wide, "own_variance": wide}
    assert inputs == {"action_units": wide, **own}
    assert [(one.name, one.shape) for one in session.get_outputs()] == [
        ("probabilities", ["rows", 2])
    ]
    props = session.get_modelmeta().custom_metadata_map
    beside = json.loads((tmp_path / "out/model.json").read_text())
    texts = ("model", "model_md5", "extractor")
    assert beside == {
        name: part if name in texts else json.loads(part) for name, part in props.items()
    }
    assert beside["action_units"] == list(COLUMNS)
    assert beside["model_md5"] == hashlib.md5(model.network.read_bytes()).hexdigest()
    assert beside["ranges"] == {"AU06_r": [0, 5], "AU12_r": [0, 5], "AU06_c": [0, 1]}
    assert beside["emotions"] == list(EMOTIONS)
    assert beside["thresholds"] == {"happiness": 0.4, "sadness": 0.7}
    assert beside["extractor"] == "OpenFace 2"
    assert set(beside["inputs"]) == set(inputs)
    assert "square roots" in beside["inputs"]["own_mean"]


def test_a_savedmodel_carries_its_contract(tmp_path):
    [path] = exported(save_network(tmp_path, plain()), tmp_path / "out", ["savedmodel"])
    inside, beside = path / "assets.extra/model.json", path.with_name("model.json")
    assert inside.read_text() == beside.read_text()
    exported(save_network(tmp_path, plain()), tmp_path / "out", ["savedmodel"])  # in its place


def test_no_file_stays_beside_the_contract_of_another_model(tmp_path):
    model = save_network(tmp_path, plain())
    out = tmp_path / "out"
    exported(model, out, ["savedmodel"])
    other = replace(model, thresholds={"happiness": 0.1})
    before = (out / "model.json").read_text()
    with pytest.raises(InputError, match=r"^.*out holds model_savedmodel of another model"):
        exported(other, out, ["litert"])
    assert (out / "model.json").read_text() == before
    exported(other, out, ["savedmodel"])
    assert (out / "model.json").read_text() != before


def test_a_network_of_another_kind_leaves_no_file(tmp_path):
    """Such as one whose export to ONNX, by Keras, is broken in silence."""
    import keras

    layers = [keras.Input((3,)), keras.layers.Normalization(), keras.layers.Dense(2, "sigmoid")]
    network = keras.Sequential(layers)
    network.layers[0].adapt(checking.check_rows(COLUMNS, 100).aus)
    model = save_network(tmp_path, plain())
    network.save(model.network)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/model.onnx").write_text("of before")
    with pytest.raises(InputError, match="holds no network of this pipeline"):
        exported(model, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["model.onnx"]
    assert (tmp_path / "out/model.onnx").read_text() == "of before"


@pytest.mark.parametrize("wrong", [2e-5, np.nan])
def test_other_probabilities_than_the_networks_are_refused(tmp_path, monkeypatch, wrong):
    def write(network, contract, path):
        network.layers[-1].set_weights([w + wrong for w in network.layers[-1].get_weights()])
        formats.write_savedmodel(network, contract, path)

    monkeypatch.setitem(formats.WRITE, "savedmodel", write)
    model = save_network(tmp_path, plain())
    with pytest.raises(InputError, match=r"^savedmodel differs from the network by .*1e-05 is"):
        exported(model, tmp_path / "out", ["savedmodel"])
    assert not list((tmp_path / "out").iterdir())


def test_check_rows_are_at_the_ends_of_ranges_and_of_people_who_differ():
    values, subject, clip = checking.check_rows(COLUMNS)
    assert len(values) == 10_000 + 3 + len(COLUMNS)
    assert values[:6].tolist() == [
        *([0, 0, 0], [5, 5, 1], [2.5, 2.5, 0.5]),
        *([5, 0, 0], [0, 5, 0], [0, 0, 1]),
    ]
    assert (subject[:6] == UNKNOWN).all()
    assert 0.08 < (subject == UNKNOWN).mean() < 0.12
    assert set(np.unique(values[6:, 2])) == {0, 1}
    clips = [len(set(clip[subject == person])) for person in range(50)]
    assert clips[0] == 1
    assert max(clips) > 30
    levels = [values[subject == person, 0].mean() for person in range(50)]
    assert np.std(levels) > 0.2
    activations = checking.check_rows(("AU06", "AU12")).aus[5:]  # py-feat's, 0 to 1
    assert len(np.unique(activations)) == 101


def test_who_is_not_known_is_taken_for_an_average_person(tmp_path):
    model = save_network(tmp_path, KINDS["calibrated"]())
    whole = whole_network(model)
    rows = checking.check_rows(COLUMNS, 100)
    nothing = {"own_clips": (106, 1), "own_mean": (106, 3), "own_variance": (106, 3)}
    given = {name: np.zeros(shape, np.float32) for name, shape in nothing.items()}
    found = np.asarray(whole({"action_units": rows.aus, **given})["probabilities"])
    expected = model.load()(model.features.of_nobody(rows.aus))
    np.testing.assert_allclose(found, expected, atol=1e-5)
