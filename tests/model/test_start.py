"""A model that training starts from is read by name, or refused in one line."""

import json
from pathlib import Path

import pytest
from starts import AUS, CHOSEN, EMOTIONS, rows_of, save_start

from pipeline.errors import InputError
from pipeline.model.start import read_start, start_md5


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    save_start(folder)
    return folder


def test_what_is_known_and_what_is_new_is_told_by_name(start):
    found = read_start(start, ["AU12_r", "AU15_r", "AU06_r"], ["anger", "sadness"], CHOSEN)
    assert found.columns.tolist() == [1, -1, 0]
    assert found.emotions.tolist() == [-1, 1]
    assert found.account == {
        "folder": start.as_posix(),
        "md5": start_md5(start),
        "action_units": {"taken": ["AU12_r", "AU06_r"], "new": ["AU15_r"]},
        "emotions": {"taken": ["sadness"], "new": ["anger"]},
    }
    assert found.people is None


def test_an_action_unit_that_never_moved_counts_as_new(tmp_path):
    rows = rows_of(AUS)
    rows[:, 1] = 0.5
    save_start(tmp_path, rows=rows)
    assert read_start(tmp_path, AUS, EMOTIONS, CHOSEN).columns.tolist() == [0, -1, 2]


def test_a_model_that_names_its_features_alone_is_read_as_well(start, tmp_path):
    """As earlier versions wrote run.json."""
    (tmp_path / "model.keras").write_bytes((start / "model.keras").read_bytes())
    (tmp_path / "run.json").write_text(json.dumps({"features": AUS, "emotions": EMOTIONS}))
    assert read_start(tmp_path, AUS, EMOTIONS, CHOSEN).columns.tolist() == [0, 1, 2]


def test_whom_it_learned_from_is_told_where_a_file_names_them(tmp_path):
    save_start(tmp_path)
    people = {"train": ["b", "a"], "val": ["c"], "test": ["d"], "start": ["e"]}
    (tmp_path / "subjects.json").write_text(json.dumps(people))
    assert read_start(tmp_path, AUS, EMOTIONS, CHOSEN).people == ("a", "b", "c", "e")
    (tmp_path / "subjects.json").write_text("[1]")
    with pytest.raises(InputError, match=r"subjects.json is damaged .* or delete it"):
        read_start(tmp_path, AUS, EMOTIONS, CHOSEN)


OTHERS = {
    "recipes.improved.hidden": (
        [8, 5],
        r"otherwise: .*hidden \[8, 4\], not \[8, 5\]",
    ),
    "recipes.improved.batch_norm": (False, "batch_norm true, not false. Set"),
    "features.square_root": (True, r"\(-S 'features.square_root=false'\)"),
    "features.calibrate": ("subject", "features.calibrate none, not subject"),
}


@pytest.mark.parametrize("key", OTHERS)
def test_what_was_chosen_otherwise_is_refused(start, key):
    value, told = OTHERS[key]
    with pytest.raises(InputError, match=told):
        read_start(start, AUS, EMOTIONS, {**CHOSEN, key: value})


def test_all_that_was_chosen_otherwise_is_told_at_once(start):
    chosen = CHOSEN | {key: value for key, (value, _) in OTHERS.items()}
    with pytest.raises(InputError) as error:
        read_start(start, AUS, EMOTIONS, chosen)
    assert str(error.value).count("-S '") == len(OTHERS)


def test_a_file_in_place_of_its_folder_is_told(start):
    with pytest.raises(InputError, match=f"a file. Allowed is its folder: {start}"):
        read_start(start / "model.keras", AUS, EMOTIONS, CHOSEN)


@pytest.mark.parametrize("absent", [("model.keras",), ("run.json",), ("model.keras", "run.json")])
def test_an_absent_file_is_named(tmp_path, absent):
    save_start(tmp_path)
    for name in absent:
        (tmp_path / name).unlink()
    told = f"where there is no {' and no '.join(absent)}. .*pipeline fetch MODEL"
    with pytest.raises(InputError, match=told):
        read_start(tmp_path, AUS, EMOTIONS, CHOSEN)
    with pytest.raises(InputError, match=r"where there is no model\.keras"):
        read_start(tmp_path / "nowhere", AUS, EMOTIONS, CHOSEN)


DAMAGE = {
    "half a model": ("model.keras", lambda whole: whole[: len(whole) // 2], "holds no network"),
    "no JSON": ("run.json", lambda _: b"{", r"run.json is damaged \(JSONDecodeError"),
    "no text": ("run.json", lambda _: b"\xff", r"run.json is damaged \(UnicodeDecodeError"),
    "a list": ("run.json", lambda _: b"[]", "run.json is damaged"),
    "nothing told": ("run.json", lambda _: b"{}", r"run.json is damaged \(KeyError: 'features'"),
    "of another model": (
        "run.json",
        lambda _: json.dumps({"features": AUS[:2], "emotions": EMOTIONS}).encode(),
        "takes 3 features and gives 2 probabilities, and run.json beside it tells of 2 action",
    ),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_named(tmp_path, how):
    name, damage, told = DAMAGE[how]
    save_start(tmp_path)
    (tmp_path / name).write_bytes(damage((tmp_path / name).read_bytes()))
    with pytest.raises(InputError, match=told):
        read_start(tmp_path, AUS, EMOTIONS, CHOSEN)


def test_a_model_of_another_extractor_is_refused(start):
    with pytest.raises(InputError, match=r"none of these data's action units: it knows AU06_r, AU"):
        read_start(start, ["AU06", "AU12"], EMOTIONS, CHOSEN)


def test_a_network_that_this_pipeline_did_not_build_is_refused(tmp_path):
    import keras

    from pipeline.model.training.network import standardise

    save_start(tmp_path)
    layers = [
        keras.layers.Dense(8, activation="relu", name="other"),
        keras.layers.Dense(2, "sigmoid"),
    ]
    other = keras.Sequential([keras.Input((3,)), standardise(rows_of(AUS)), *layers])
    other.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"has the layers other, .*this pipeline trained"):
        read_start(tmp_path, AUS, EMOTIONS, CHOSEN)


def test_hashes_tell_contents_apart(start, tmp_path):
    save_start(tmp_path)
    assert start_md5(tmp_path).keys() == start_md5(start).keys() == {"model.keras", "run.json"}
    (tmp_path / "run.json").write_text("{}")
    assert start_md5(tmp_path)["run.json"] != start_md5(start)["run.json"]
