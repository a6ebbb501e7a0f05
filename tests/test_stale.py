"""Touch this and exactly these stages are stale: what `dvc status` says after one edit.

Nothing runs: outputs are stand-ins, which DVC is told to take for the stages' own. A stage that is
named here runs again; those behind it follow where its outputs then differ.
"""

import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from throwaway import commit, make_clone, run, set_params
from wiring import DVC_FILES, made_by, stages

READING = {"prepare", "external@others"}
CODE = {
    "pipeline/stages/steps/training.py": {"train"},
    "pipeline/stages/steps/evaluating.py": {"evaluate"},
    "pipeline/report/figures/rendering_process.py": {"evaluate"},
    "pipeline/report/figures/overviews.py": {"evaluate"},
    "pipeline/report/figures/data_card.py": {"evaluate"},
    "pipeline/report/pages/page.css": {"evaluate"},
    "pipeline/report/model_card.py": {"evaluate"},
    "pipeline/report/try_page/model.js": {"evaluate"},
    "pipeline/evaluation/scoring/sum_scores.py": {"evaluate", "external@others"},  # calibration
    "pipeline/evaluation/scoring/thresholds.py": {"evaluate"},
    "pipeline/evaluation/baselines/logistic_regression.py": {"evaluate"},
    "pipeline/stages/steps/predicting_baselines.py": {"evaluate"},
    "pipeline/evaluation/scoring/emotion_scores.py": {"train", "evaluate"},
    "pipeline/evaluation/resampling/bootstrap.py": {"evaluate", "external@others"},
    "pipeline/evaluation/verdict.py": {"evaluate"},
    "pipeline/model/training/network.py": {"train"},  # evaluate reads the model, which then differs
    "pipeline/model/training/loss.py": {"train"},
    "pipeline/model/training/saving.py": {"train"},
    "pipeline/model/start.py": {"train"},
    "models/untrained/README.md": {"train"},  # in its place: a model that training starts from
    "pipeline/model/inference/network.py": {"train", "evaluate", "external@others"},
    "pipeline/data/reading/csv/reader.py": READING,
    "pipeline/data/reading/layouts/openface.py": READING,
    "pipeline/data/split.py": READING,
    "pipeline/data/labels/facs_rules.py": {"label", "evaluate", "external@others"},
    "pipeline/data/card/label_distribution.py": {"label", "external@others"},
    "pipeline/data/card/data_card.py": {"label"},
    "pipeline/data/simulation.py": {"demo"},
    "pipeline/stages/weigh.py": {"weigh"},
    "pipeline/comparison/data_sets.py": {"external@others"},
    "pipeline/comparison/paired.py": set(),
    "pipeline/settings/schema.py": set(),
    "pipeline/settings/params.py": set(),
    "pipeline/settings/paths.py": set(),
    "pipeline/stages/steps/recording.py": set(),
    "pipeline/errors.py": set(),
    "pipeline/settings/repository.py": set(),
    "pipeline/__main__.py": set(),
}
# Rooms of which no file reruns anything.
WHOLE = ("tracking", "promotion", "drift", "retraining", "reproduction", "commands", "settings")
PARAMS: dict[str, tuple[Any, set[str]]] = {
    "demo.seed": (21, {"demo"}),
    "data.naming": ("subject_first", {"prepare"}),
    "naming.expression.pattern": ("(?P<subject>[^_]+)_.*", READING),
    "naming.ravdess.pattern": ("(?P<subject>[^_]+)_.*", set()),
    "prepare.split.seed": (8, {"prepare"}),
    "prepare.min_confidence": (0.6, READING),
    "label.gate": ("none", {"label", "external@others"}),
    "label.source": ("human", {"prepare", "label", "evaluate", "external@others"}),
    "label.emotions": (["happy"], {"label"}),
    "weigh.highest": (9.0, {"weigh"}),
    "train.seed": (8, {"train"}),
    "train.members": (2, {"train"}),
    "train.start_from": ("models", {"train"}),
    "train.freeze_epochs": (1, {"train"}),
    "train.augment.noise": (0.1, {"train"}),
    "recipes.improved.epochs": (90, {"train"}),
    "recipes.improved.weights": ("none", {"weigh"}),
    "recipes.improved.divisors.fear": (1.1, {"label", "evaluate", "external@others"}),
    "recipes.baseline.epochs": (49, set()),
    "evaluate.threshold": (0.4, {"evaluate"}),
    "evaluate.resamples": (100, {"evaluate", "external@others"}),
    "promote.margin": (0.1, set()),
    "drift.psi": (0.3, set()),
    "tracking.experiment": ("other", set()),
    "parallel.backend": ("dask", set()),
    "parallel.address": ("tcp://head:8786", set()),
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a copy of the project in whose every stage DVC takes a stand-in for the output."""
    made = make_clone(tmp_path_factory.mktemp("project") / "clone")
    source = {"path": "data/demo", "layout": "expression", "naming": "expression"}
    set_params(made, {"external": {"others": source}})
    for stage in stages(made).values():
        for out in made_by(stage):
            path = made / out.replace("${key}", "others")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"a stand-in for {out}\n")
    run(made, "dvc", "commit", "--force", *DVC_FILES)
    commit(made, "stand-ins")
    assert stale(made) == set()
    return made


@pytest.fixture(autouse=True)
def undone(clone: Path) -> Iterator[None]:
    """Undo a test's edit."""
    yield
    run(clone, "git", "checkout", "--quiet", ".")


def stale(clone: Path) -> set[str]:
    """Name the stages that DVC would run again, the studies' aside."""
    with chdir(clone), Repo() as repo:  # in this process: starting DVC takes longer than its answer
        names = repo.status(targets=DVC_FILES)
    return {name.rpartition(":")[2] for name in names}


def touch(path: Path) -> None:
    with path.open("a") as file:
        file.write("/* a note */\n" if path.suffix in (".css", ".js") else "# a note\n")


@pytest.mark.parametrize("file", CODE)
def test_an_edit_of_code_makes_these_stages_stale(clone: Path, file: str) -> None:
    touch(clone / file)
    assert stale(clone) == CODE[file]


def test_rooms_that_decide_no_output_make_no_stage_stale(clone: Path) -> None:
    files = [file for room in WHOLE for file in (clone / "pipeline" / room).rglob("*.py")]
    assert len(files) > 50
    for file in files:
        touch(file)
    assert stale(clone) == set()


@pytest.mark.parametrize("key", PARAMS)
def test_a_value_makes_these_stages_stale(clone: Path, key: str) -> None:
    value, stages = PARAMS[key]
    set_params(clone, {key: value})
    assert stale(clone) == stages


@pytest.mark.parametrize("section", ["promote", "drift", "tracking", "parallel"])
def test_a_new_key_beside_the_stages_makes_none_stale(clone: Path, section: str) -> None:
    path = clone / "params.yaml"
    text, found = re.subn(rf"(?m)^({section}:.*)$", r"\1\n  new_key: 1", path.read_text())
    assert found == 1
    path.write_text(text)
    assert stale(clone) == set()
