"""One store with candidates recorded once; each test has a registered model of its own in it."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from candidates import EXPERIMENT, PEOPLE, guesses, labels, make_candidate
from stores import Isolate
from throwaway import PARAMS

from pipeline.promotion.promote import Outcome, promote
from pipeline.settings import params
from pipeline.settings.schema import Params
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.registry.registry import Registry

OTHERS = [*PEOPLE[:-1], "T9"]


@pytest.fixture(scope="module")
def made(
    isolate: Isolate,
    migrated: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """Give the keys of runs by how well their models predict, in a store that stays in use."""
    root = tmp_path_factory.mktemp("with candidates")
    shutil.copy(migrated, root / "mlflow.db")
    good = guesses([0.9, 0.9])
    wanted: dict[str, Any] = {
        "poor": (guesses([0.0, 0.0]), {}),
        "fair": (guesses([0.45, 0.45]), {}),
        "good": (good, {}),
        "as good": (guesses([0.9, 0.9], seed=1), {}),
        "forgets sadness": (guesses([0.9, 0.05]), {}),
        "other people": (guesses([0.9, 0.9], people=OTHERS), {"people": OTHERS}),
        "other labels": (good, {"true": 1 - labels()}),
        "other emotions": (good, {"emotions": ("happiness", "fear")}),
        "other order": (
            good[:, ::-1],
            {"emotions": ("sadness", "happiness"), "true": labels()[:, ::-1]},
        ),
    }
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, root)
        yield {
            name: make_candidate(root / "made", predicted, **options)
            for name, (predicted, options) in wanted.items()
        }


@pytest.fixture
def settings(made: dict[str, str]) -> Params:
    """Give the repository's parameters, with a model's name that no other test uses."""
    loaded = params.load(PARAMS)
    own = loaded.promote.model_copy(update={"model": f"model-{uuid.uuid4().hex[:8]}"})
    return loaded.model_copy(update={"promote": own})


@pytest.fixture
def registry(settings: Params) -> Registry:
    """Give the registry of the test's model."""
    return Registry(*open_store(EXPERIMENT), settings.promote.model)


@pytest.fixture
def judge(settings: Params, made: dict[str, str]) -> Callable[..., Outcome]:
    """Return a function that promotes one of `made`."""

    def judged_now(name: str, **options: bool) -> Outcome:
        asked = {"renew": False, "dry_run": False} | options
        return promote(settings, made.get(name, name), **asked)

    return judged_now
