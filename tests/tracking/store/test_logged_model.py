import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from pipeline.data.features.feature_map import read_feature_map
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.run import DataSet
from pipeline.tracking.store.connection import connect
from pipeline.tracking.store.logged_model import model_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "au emotion/test"
FEATURES = ["AU06_r", "AU12_r", "AU28_c"]
TAGS = {"mlflow.source.name": "train.py", "git.dirty": "false"}
EMOTIONS = ["happiness", "sadness"]
FRAMES = pd.DataFrame([[0.0, 5.0, 1.0], [2.5, 1.0, 0.0]], columns=FEATURES)


class Logged(NamedTuple):
    """A logged model, its client and folder, and the network it was made from."""

    model_id: str
    run_id: str
    key: str
    client: "MlflowClient"
    folder: Path
    network: Any


@pytest.fixture(scope="module")
def logged(
    migrated: Path,
    isolate: Callable[[pytest.MonkeyPatch, Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    import keras

    root = tmp_path_factory.mktemp("with model")
    shutil.copy(migrated, root / "mlflow.db")
    layers = [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2, "sigmoid")]
    network = keras.Sequential(layers)
    network.save(root / "model.keras")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, root)
        with training_run(EXPERIMENT, "train", {"train.seed": 7}, TAGS) as run:
            for epoch in (1, 2, 3):
                run.log_metrics({"val_loss": 1 / epoch}, step=epoch)
            example = FRAMES.assign(clip="S01_a_P").astype({"AU06_r": "float32", "AU28_c": int})
            path = root / "model.keras"
            run.log_model(path, read_feature_map(FEATURES), EMOTIONS, example[FEATURES], step=2)
            run.log_metrics({"test/f1": 0.5}, of_model=DataSet("test", "0" * 32))
        client, _ = open_store(EXPERIMENT)
        model_id = model_of(client, run.id)
        assert model_id
        folder = root / "mlruns/au_emotion_test/models" / model_id / "artifacts"
        yield Logged(model_id, run.id, run.key, client, folder, network)


@pytest.fixture(scope="module")
def loaded(logged: Logged) -> Any:
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(f"models:/{logged.model_id}")


@pytest.fixture
def warned() -> Any:
    """Give what is logged; MLflow's logger hands nothing on."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("mlflow").addHandler(handler)
    yield told
    logging.getLogger("mlflow").removeHandler(handler)


def test_predicts_what_the_network_predicts_under_names(logged: Logged, loaded: Any) -> None:
    frames = FRAMES.set_axis(["a", "b"])
    predictions = loaded.predict(frames)
    expected = np.asarray(logged.network(FRAMES.to_numpy()))
    np.testing.assert_allclose(predictions.to_numpy(), expected, atol=1e-6)
    assert list(predictions.columns) == EMOTIONS
    assert list(predictions.index) == ["a", "b"]


def test_order_of_columns_does_not_matter(loaded: Any) -> None:
    shuffled = FRAMES.assign(AU45_r=9.0)[["AU28_c", "AU45_r", "AU12_r", "AU06_r"]]
    pd.testing.assert_frame_equal(loaded.predict(shuffled), loaded.predict(FRAMES))


def test_more_rows_than_a_batch_are_predicted_in_order(loaded: Any) -> None:
    frames = pd.DataFrame({name: np.linspace(1, 0, 8194) for name in FEATURES})
    frames.loc[0, "AU06_r"] = 5.0
    predictions = loaded.predict(frames)
    assert len(predictions) == 8194
    last = loaded.predict(frames.tail(3))
    pd.testing.assert_frame_equal(predictions.tail(3), last, atol=1e-6)


def test_no_rows_give_no_predictions(loaded: Any) -> None:
    assert loaded.predict(FRAMES.head(0)).shape == (0, 2)


def test_missing_columns_are_named_first(loaded: Any) -> None:
    with pytest.raises(Exception, match=r"^AU12_r: missing\. The model takes AU06_r, AU12_r, AU28"):
        loaded.predict(FRAMES.drop(columns="AU12_r"))


def test_blanks_around_names_and_further_columns_do_not_matter(loaded: Any) -> None:
    wide = pd.DataFrame(0.0, FRAMES.index, [f" x_{i}" for i in range(700)])
    openface = pd.concat([wide, FRAMES.rename(columns=lambda name: f" {name} ")], axis=1)
    pd.testing.assert_frame_equal(loaded.predict(openface), loaded.predict(FRAMES))


def test_a_column_that_stands_twice_and_openface_3_are_refused(loaded: Any) -> None:
    with pytest.raises(Exception, match=r"^AU12_r: it stands twice, but for blanks"):
        loaded.predict(FRAMES.assign(**{" AU12_r": 1.0}))
    with pytest.raises(Exception, match=r"^AU08_r: OpenFace 3 writes it"):
        loaded.predict(FRAMES.assign(AU08_r=1.0))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("AU12_r", 5.1, r"^AU12_r is 5\.1 in row 1 .*allowed is 0 to 5"),
        ("AU12_r", -0.1, r"AU12_r is -0\.1 in row 1 .*allowed is 0 to 5"),
        ("AU06_r", np.nan, r"AU06_r is nan in row 1"),
        ("AU06_r", np.inf, r"AU06_r is inf in row 1"),
        ("AU06_r", 10**400, r"AU06_r is inf in row 1"),
        ("AU28_c", 1.5, r"AU28_c is 1\.5 in row 1 .*allowed is 0 to 1"),
        ("AU28_c", "x", r"AU28_c is nan in row 1"),
    ],
)
def test_a_row_that_cannot_be_judged_has_no_prediction_or_is_refused(
    loaded: Any, warned: list[str], column: str, value: object, message: str
) -> None:
    frames = FRAMES.astype({column: object})
    frames.loc[1, column] = value
    found = loaded.predict(frames)
    np.testing.assert_allclose(found.loc[[0]], loaded.predict(FRAMES).loc[[0]], atol=1e-6)
    assert found.loc[1].isna().all()
    assert warned[0].startswith("1 of 2 rows cannot be judged and get NaN; the first: ")
    with pytest.raises(Exception, match=message):
        loaded.predict(frames, params={"strict": True})


def test_a_row_without_a_face_cannot_be_judged(loaded: Any, warned: list[str]) -> None:
    found = loaded.predict(FRAMES.assign(**{" success": [0, 1]}))
    assert found.isna().all(axis=1).tolist() == [True, False]
    assert "success is not 1 in row 0" in warned[0]


def test_intensities_of_another_unit_are_refused(loaded: Any) -> None:
    small = pd.DataFrame({name: np.linspace(0, 1, 100) for name in FEATURES})
    with pytest.raises(Exception, match=r"^AU06_r and the others never exceed 1 in 100 rows"):
        loaded.predict(small)
    assert loaded.predict(small.head(99)).notna().all(axis=None)
    assert loaded.predict(small, params={"same_units": True}).notna().all(axis=None)


def test_decisions_at_the_tuned_thresholds_on_request(logged: Logged, loaded: Any) -> None:
    with pytest.raises(Exception, match=r"^decisions: the model has no thresholds"):
        loaded.predict(FRAMES, params={"decisions": True})
    import mlflow.pyfunc

    low, high = loaded.predict(FRAMES)["sadness"].sort_values()
    tuned = {"network": {"happiness": 0.0, "sadness": (low + high) / 2}}
    path = logged.folder.parent / "thresholds.json"
    path.write_text(json.dumps({"thresholds": tuned}))
    with training_run(EXPERIMENT, "train", {}, {}, key=logged.key) as run:
        run.log_thresholds(path)
    again = mlflow.pyfunc.load_model(f"models:/{logged.model_id}")
    gone = pd.concat([FRAMES, FRAMES.assign(AU06_r=np.nan)], ignore_index=True)
    found = again.predict(gone, params={"decisions": True})
    assert list(found.columns) == [*EMOTIONS, *(f"positive/{name}" for name in EMOTIONS)]
    assert found["positive/happiness"].tolist() == [True, True, None, None]
    assert found["positive/sadness"].tolist()[:2] == (found["sadness"][:2] == high).tolist()
    assert list(again.predict(FRAMES).columns) == EMOTIONS


CSV, JSON = "text/csv", "application/json"
NAN = "AU06_r,AU12_r,AU28_c\n0.5,x,1\n1.5,0.5,0\n"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("AU06_r,AU12_r\n1,2\n", CSV, "AU28_c: missing. "),
        ('{"inputs": [[1, 2]]}', JSON, "inputs: columns need names. "),
        ('{"inputs": {"AU06_r": [1], "AU12_r": [1, 2]}}', JSON, "inputs: columns of one length"),
        (
            '{"dataframe_records": [{"AU06_r": 9, "AU12_r": 1, "AU28_c": 0}], '
            '"params": {"strict": true}}',
            JSON,
            "AU06_r is 9 in row 0",
        ),
    ],
)
def test_a_server_answers_in_one_line_that_names_the_column_first(
    loaded: Any, body: str, kind: str, message: str
) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc.scoring_server import invocations

    with pytest.raises(MlflowException) as refused:
        invocations(body, kind, loaded, None)
    assert refused.value.get_http_status_code() == 400
    answer = json.loads(refused.value.serialize_as_json())
    assert answer["message"].startswith(message)
    assert "\n" not in answer["message"]
    assert "stack_trace" not in answer


def test_a_server_answers_null_for_a_row_that_cannot_be_judged(
    loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.pyfunc.scoring_server import invocations

    monkeypatch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
    answer = json.loads(invocations(NAN, CSV, loaded, None).response)["predictions"]
    assert answer[0] == dict.fromkeys(EMOTIONS)
    assert all(0 < answer[1][name] < 1 for name in EMOTIONS)


def test_model_holds_no_pickle_and_its_own_code(logged: Logged) -> None:
    names = {path.name for path in logged.folder.rglob("*") if path.is_file()}
    assert {"MLmodel", "model.keras", "contract.json", "serving.py"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    code = (logged.folder / "serving.py").read_text(encoding="utf-8")
    assert "from pipeline" not in code
    assert "import pipeline" not in code


def test_requirements_are_pinned(logged: Logged) -> None:
    lines = (logged.folder / "requirements.txt").read_text(encoding="utf-8").split()
    assert {line.partition("==")[0] for line in lines} == {
        "mlflow",
        "h5py",
        "numpy",
        "pandas",
    }
    assert all(line.partition("==")[2] for line in lines)


def test_example_and_signature_go_by_name(logged: Logged, loaded: Any) -> None:
    assert loaded.metadata.signature.inputs is None  # else MLflow drops what it does not name
    assert json.loads(loaded.metadata.metadata["inputs"]) == FEATURES
    assert loaded.metadata.signature.outputs.input_names() == EMOTIONS
    example = json.loads((logged.folder / "input_example.json").read_text(encoding="utf-8"))
    assert example == {"columns": FEATURES, "data": FRAMES.to_numpy().tolist()}


def test_models_page_shows_run_params_and_what_was_measured_on_which_rows(logged: Logged) -> None:
    model = logged.client.get_logged_model(logged.model_id)
    assert model.status == "READY"
    assert model.source_run_id == logged.run_id
    assert model.params == {"train.seed": "7"}
    assert model.tags["mlflow.source.name"] == "train.py"
    assert "git.dirty" not in model.tags
    metrics = {(metric.key, metric.value, metric.step) for metric in model.metrics}
    assert metrics == {("test/f1", 0.5, 0)}
    assert {(m.dataset_name, m.dataset_digest) for m in model.metrics} == {
        ("frames for test", "0" * 32)
    }


def test_runs_page_shows_the_model_at_its_epoch(logged: Logged) -> None:
    run = logged.client.get_run(logged.run_id)
    [output] = run.outputs.model_outputs
    assert (output.model_id, output.step) == (logged.model_id, 2)
    assert run.data.metrics == {"val_loss": 1 / 3, "test/f1": 0.5}
    assert run.info.experiment_id == connect(EXPERIMENT)
