"""A model of any name becomes a folder that training starts from."""

import json
from pathlib import Path

import pytest
from candidates import EMOTIONS, guesses, make_candidate
from starts import AUS, CHOSEN, save_start
from throwaway import PARAMS

from pipeline.__main__ import cli
from pipeline.commands.using import fetch
from pipeline.errors import InputError
from pipeline.model.start import read_start
from pipeline.settings import params
from pipeline.tracking.registry.registry import open_registry


def test_a_champion_becomes_a_folder_with_the_people_whom_it_learned_from(
    store, tmp_path, monkeypatch, workspace, capsys
):
    (tmp_path / "made").mkdir()
    save_start(tmp_path / "made", emotions=EMOTIONS)
    network = tmp_path / "made/model.keras"
    monkeypatch.chdir(store)
    key = make_candidate(tmp_path / "run", guesses([0.5, 0.5]), network=network, features=AUS)
    settings = params.load(PARAMS)
    with open_registry(settings.tracking.experiment, settings.promote.model) as registry:
        registry.crown(registry.register(key, {}), None)
    monkeypatch.setattr(fetch.params, "load", lambda: settings)
    for name in ("models:/au-emotion@champion", "champion", "train"):
        out = tmp_path / name.rpartition("/")[2]
        cli(["fetch", name, "-o", str(out)], standalone_mode=False)
        assert f"written: {out}. Keep it with `dvc add {out}`" in capsys.readouterr().out
        assert (out / "model.keras").read_bytes() == network.read_bytes()
        start = read_start(out, AUS, EMOTIONS, CHOSEN)
        assert start.columns.tolist() == [0, 1, 2]
        assert start.people == ("S1", "S2")


def test_a_file_takes_the_place_of_another_model(workspace, tmp_path):
    save_start(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/subjects.json").write_text("of another model")
    fetch.run(str(tmp_path / "model.keras"), tmp_path / "out")
    assert json.loads((tmp_path / "out/run.json").read_text())["emotions"] == [
        "happiness",
        "sadness",
    ]
    assert read_start(tmp_path / "out", AUS, EMOTIONS, CHOSEN).people is None


def test_random_weights_keep_their_folder(workspace):
    with pytest.raises(InputError, match="models/untrained stands for random weights"):
        fetch.run(None, Path("models/untrained"))


def test_a_folder_of_other_files_is_no_place_for_a_model(workspace, tmp_path):
    save_start(tmp_path / "made")
    model, place = str(tmp_path / "made/model.keras"), tmp_path / "project"
    place.mkdir()
    (place / "params.yaml").touch()
    with pytest.raises(InputError, match=r"holds other files \(params.yaml\)"):
        fetch.run(model, place)
    assert [path.name for path in place.iterdir()] == ["params.yaml"]


def test_what_is_to_be_typed_has_blanks_in_quotes(workspace, tmp_path, capsys):
    save_start(tmp_path / "made")
    out = tmp_path / "of others"
    fetch.run(str(tmp_path / "made/model.keras"), out)
    said = capsys.readouterr().out
    assert f"dvc add '{out}'" in said
    assert f"start_from='{out}'" in said
