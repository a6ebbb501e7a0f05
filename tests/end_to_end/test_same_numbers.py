"""Whoever predicts 10,000 rows gives the numbers of Keras: commands, service, exports."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from exportable import KINDS, save_network
from small_model import COLUMNS, EMOTIONS

from pipeline.data.features.feature_map import UNKNOWN
from pipeline.model.training.saving import Predictor, load_model
from pipeline.prediction.exporting import checking, export, formats
from pipeline.prediction.exporting.contract import FILES
from pipeline.tracking import service
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.store.logged_model import model_of

TOLERANCE = 1e-5


class Everywhere(NamedTuple):
    """What Keras gives, what each other way gives, and the thresholds of the emotions."""

    expected: np.ndarray
    found: dict[str, np.ndarray]
    thresholds: np.ndarray


@pytest.fixture(scope="module", params=["rooted", "calibrated"])
def everywhere(
    request: pytest.FixtureRequest,
    migrated: Path,
    isolate: Callable[[pytest.MonkeyPatch, Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    root = tmp_path_factory.mktemp(request.param)
    shutil.copy(migrated, root / "mlflow.db")
    model = save_network(root, KINDS[request.param](), members=2)
    rows = checking.check_rows(COLUMNS)
    network = model.load()
    files = export.export_model(model, network, list(FILES), root / "out")
    inputs = checking.inputs_of(model.features, rows)
    found = {
        name: formats.RUN[name](one.path)(inputs) for name, one in zip(FILES, files, strict=True)
    }
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, root)
        example = pd.DataFrame(rows.aus[:2], columns=list(COLUMNS))
        with training_run("au-emotion", "train", {}, {}) as run:
            run.log_model(model.network, model.features, EMOTIONS, example, step=1)
        client, _ = open_store("au-emotion")
        patch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "")  # `load` sets it
        loaded = service.load(f"models:/{model_of(client, run.id)}")
        found["service"] = through_service(loaded, table_of(rows))
        patch.delenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT")
        found["pyfunc"] = loaded.predict(table_of(rows)).to_numpy()
    features = model.features(*rows)
    found["network"] = network(features)
    expected = Predictor(load_model(model.network))(features)
    return Everywhere(expected, found, np.array(list(model.thresholds.values())))


def table_of(rows: checking.Rows) -> pd.DataFrame:
    """Lay rows out as a person would: who is not known has no name."""
    known = rows.subject != UNKNOWN
    table = pd.DataFrame(rows.aus, columns=list(COLUMNS))
    names = pd.Series(rows.subject).map("S{}".format).where(known)
    return table.assign(subject=names, clip=pd.Series(rows.clip).map("c{}".format))


def through_service(loaded: Any, table: pd.DataFrame) -> np.ndarray:
    text = io.StringIO()
    table.to_csv(text, index=False)
    status, answered = service.answer(loaded, "text/csv", text.getvalue().encode())
    assert status == 200
    return pd.DataFrame(json.loads(answered)["predictions"])[list(EMOTIONS)].to_numpy()


WAYS = (*FILES, "network", "pyfunc", "service")


@pytest.mark.parametrize("way", WAYS)
def test_probabilities_are_those_of_the_network(everywhere: Everywhere, way: str) -> None:
    assert len(everywhere.expected) > 10_000
    assert everywhere.expected.std(axis=0).min() > 0.02, "the network tells rows apart"
    np.testing.assert_allclose(everywhere.found[way], everywhere.expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("way", WAYS)
def test_decisions_are_those_of_the_network_but_for_ties(everywhere: Everywhere, way: str) -> None:
    clear = np.abs(everywhere.expected - everywhere.thresholds) > TOLERANCE
    assert clear.mean() > 0.99
    wanted = everywhere.expected >= everywhere.thresholds
    assert 0.02 < wanted.mean() < 0.98
    found = everywhere.found[way] >= everywhere.thresholds
    assert (found == wanted)[clear].all()
