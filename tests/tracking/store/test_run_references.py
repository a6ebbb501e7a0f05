"""Which run is meant: by id, name, experiment, model, commit; what is none, or more than one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import InputError
from pipeline.tracking.store.connection import tracking_uri
from pipeline.tracking.store.run_references import find_run

if TYPE_CHECKING:
    from mlflow import MlflowClient

Make = Callable[..., str]


@pytest.fixture
def make(client: "MlflowClient", store: Path) -> Make:
    """Return a function that makes a run and gives its id."""
    experiment = client.create_experiment("e", (store / "mlruns" / "e").as_uri())

    def made(name: str, **tags: str) -> str:
        named = {key.replace("_", "."): text for key, text in tags.items()}
        return str(client.create_run(experiment, run_name=name, tags=named).info.run_id)

    return made


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Enter a repository; returns a function that commits a run.json by DVC, for its key."""
    folder = tmp_path / "repository"
    (folder / "outputs/train").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"]):
        subprocess.run(command, check=True, capture_output=True)

    def commit(key: str) -> str:
        path = folder / "outputs/train/run.json"
        path.write_text(json.dumps({"run": key}))
        own = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
        for command in (
            ["dvc", "add", "--quiet", str(path)],
            ["git", "add", "--all"],
            ["git", *own, "commit", "--quiet", "--message", key],
        ):
            subprocess.run(command, check=True, capture_output=True)
        done = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True)
        return done.stdout.decode().strip()

    return commit


def found(meant: str) -> str:
    return find_run(tracking_uri(), meant).id


def test_each_kind_of_name_leads_to_the_run(make: Make, client: "MlflowClient") -> None:
    wanted = make("improved lr=0.003 (tidy-mole)", dvc_experiment="tidy-mole", pipeline_run="1-a")
    make("improved", dvc_experiment="other-mole", pipeline_run="1-b")
    client.create_registered_model("model")
    source = client.get_run(wanted).info.artifact_uri
    version = client.create_model_version("model", source, wanted)
    client.set_registered_model_alias("model", "champion", version.version)
    names = (wanted, wanted[:8], "improved lr=0.003 (tidy-mole)", "tidy-mole", "1-a")
    for name in (*names, "models:/model@champion", f"models:/model/{version.version}"):
        assert found(name) == wanted, name
    reference = find_run(tracking_uri(), wanted)
    assert (reference.key, reference.tags["dvc.experiment"]) == ("1-a", "tidy-mole")


def test_a_name_of_two_is_refused_and_both_are_listed(make: Make) -> None:
    ids = make("improved"), make("improved")
    with pytest.raises(InputError, match="'improved' may be 2 runs") as refused:
        found("improved")
    assert all(run_id in str(refused.value) for run_id in ids)


@pytest.mark.parametrize(
    "name", ["nothing", "models:/nothing@champion", "models:/nothing/1", "models:/m-0", "", "--all"]
)
def test_what_is_no_run_is_refused(make: Make, name: str) -> None:
    known = make("improved")
    with pytest.raises(InputError) as refused:
        found(name)
    told = str(refused.value)
    assert "is no model of this store" in told or f"{known} " in told
    assert ".." not in told


def test_too_few_characters_of_an_id_are_refused_with_how_many_it_takes(make: Make) -> None:
    known = make("improved")
    with pytest.raises(InputError, match=r"first characters \(6 or more\)"):
        found(known[:5])
    assert found(known[:6]) == known


def test_a_model_without_a_champion_is_named_in_one_sentence(
    make: Make, client: "MlflowClient"
) -> None:
    client.create_registered_model("empty")
    with pytest.raises(InputError, match=r"alias champion not found\. `python"):
        found("models:/empty@champion")


@pytest.mark.parametrize("name", ["don't know", 'a "b"', "100% `x`", "é=ü", "a.b:c/d"])
def test_names_with_any_sign_are_found(make: Make, name: str) -> None:
    make("improved")
    assert found(make(name)) == found(name)


def test_a_commit_leads_to_the_run_whose_model_it_holds(make: Make, repository) -> None:
    first, second = make("one", pipeline_run="1-a"), make("two", pipeline_run="1-b")
    before = repository("1-a")
    repository("1-b")
    assert [found(name) for name in ("HEAD", "HEAD~1", before)] == [second, first, first]
    assert found("workspace") == second
    Path("outputs/train/run.json").write_text('{"run": "1-c"}')
    with pytest.raises(InputError, match="workspace holds the model of run 1-c, which the store"):
        found("workspace")
    with pytest.raises(
        InputError, match="--single-item evaluate` brings back the run of the model"
    ):
        found("workspace")
    repository("1-d")
    with pytest.raises(InputError, match="HEAD holds the model of run 1-d"):
        found("HEAD")


def test_without_a_recorded_result_a_commit_leads_to_what_was_made_from_it(
    make: Make, repository
) -> None:
    commit = repository("1-a")
    Path("outputs/train/run.json.dvc").unlink()
    own = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *own, "commit", "--quiet", "-am", "code"], check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True)
    made = make("made from it", git_commit=done.stdout.decode().strip())
    make("made from another", git_commit=commit)
    assert found("HEAD") == made


def test_without_a_model_there_is_no_workspace(make: Make, repository) -> None:
    with pytest.raises(InputError, match="train first, with `dvc repro`"):
        found("workspace")


def test_a_store_that_is_not_there_is_not_made(root: Path) -> None:
    with pytest.raises(InputError, match=r"mlflow\.db is not there"):
        found("improved")
    assert not (root / "mlflow.db").exists()
