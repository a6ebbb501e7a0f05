import shutil

import pytest
import yaml
from dvc.utils.serialize import modify_yaml
from throwaway import PARAMS, ROOT

from pipeline.errors import InputError
from pipeline.settings import params


def load(tmp_path, tree):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    return params.load(path)


def test_reads_what_the_repository_ships(tmp_path, tree):
    settings = load(tmp_path, tree)
    assert settings.recipe == "improved"
    assert settings.chosen.hidden == (256, 128, 64)
    assert settings.label.rules["fear"].aus == (1, 2, 4, 5, 20)


def test_the_parameters_of_the_root_can_be_read():
    params.load(ROOT / "params.yaml")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("train.learning_rate", "fast", "train.learning_rate is 'fast'"),
        ("train.learning_rate", 0, "greater than 0"),
        ("train.learning_rate", float("nan"), "train.learning_rate"),
        ("train.batch_size", 3.5, "train.batch_size is 3.5"),
        ("train.batch_size", True, "train.batch_size is True"),
        ("train.batch_size", "automatic", "'automatic'; it should be 'auto' or a valid integer."),
        ("train.batch_size", 0, "it should be 'auto' or greater than or equal to 1."),
        ("prepare.face", "big", "it should be 'main' or 'each' or a valid integer."),
        ("train.learning_rat", 0.1, "Did you mean 'learning_rate'?"),
        ("recipes.improved.hiden", [1], "Did you mean 'hidden'?"),
        ("prepare.split.tests", 0.1, "Did you mean 'test'?"),
        ("label.rules.fear.au", [1], "Did you mean 'aus'?"),
        ("label.rules.fear.aus", [1, 3], "AU [3] has no intensity"),
        ("label.rules.fear.aus", [1, 1], "each AU may stand once"),
        ("label.rules.fear.aus", [], "a list of AUs, or a weight above 0 for each"),
        ("label.rules.fear.aus", {"x": 1}, "AU ['x'] has no intensity"),
        ("label.rules.fear.aus", {3: 1}, "AU [3] has no intensity"),
        ("label.rules.fear.aus", {1: 0.4, 2: 0}, "a finite weight above 0"),
        ("label.rules.fear.aus", {1: "much"}, "a finite weight above 0"),
        ("label.rules.fear.valence", "M", "'P' or 'N'"),
        ("label.gate", "clips", "'clip', 'frame' or 'none'"),
        ("evaluate.tune.goal", "f2", "'f1', 'recall' or 'cost'"),
        ("evaluate.tune.least_precision", 0, "greater than 0"),
        ("evaluate.tune.miss", -1, "greater than 0"),
        (
            "evaluate.primary",
            "precision",
            "primary is 'precision'; it should be 'average_",
        ),
        ("evaluate.primary", "accuracy", "rules give a frame several labels"),
        ("promote.metric", "clip_accuracy", "promote.metric is 'clip_accuracy'"),
        ("promote.blocking", ["few_positive"], "Did you mean 'few_positives'?"),
        ("features.columns", "all", "features.columns is 'all'"),
        ("features.shrink_clips", 0, "greater than 0"),
        ("features.calibrate", "clip", "'none' or 'subject'"),
        ("evaluate.resamples", 10, "greater than or equal to 100"),
        ("evaluate.confidence", 95, "less than 1"),
        ("recipe", "better", "allowed are ['improved', 'baseline']"),
        ("data.naming", "files", "data.naming is 'files'"),
        ("naming.expression.pattern", "(", "regular expression"),
        ("naming.expression.pattern", "x", "(?P<subject>...)"),
        ("recipes.improved.dropout", [0.1], "one dropout for each of the 3"),
        ("recipes.improved.hidden", [], "hidden is []; it should have at least 1 item."),
        ("recipes.improved.hidden", 64, "hidden is 64; it should be a list."),
        ("label.rules", {}, "label.rules: it should have at least 1 item."),
        ("recipes.improved.divisors.fear", 0, "recipes.improved.divisors.fear is 0"),
        ("prepare.split.test", 0.9, "below 1"),
        ("prepare.split.test", 0, "prepare.split.test is 0"),
        ("prepare.split.test_subjects", [1.5], "prepare.split.test_subjects.0 is 1.5"),
        ("prepare.split.test_subjects", [True], "a name in quotes is allowed"),
        ("label.emotions", [None], "a name in quotes is allowed"),
        ("tracking.experiment", 7, "tracking.experiment is 7; text is allowed. Put it in quotes"),
        ("naming.ravdess.emotions", {"01": 1}, "naming.ravdess.emotions.01 is 1; text is allowed"),
        ("external", {"x; touch y; true": {}}, "external.x; touch y; true"),
        ("external", {"../y": {}}, "external.../y"),
        ("weigh.lowest", 20, "lowest at most highest"),
        ("demo.subjects", 2, "demo.subjects is 2"),
        ("evaluate.human_names", {"joy": "happy"}, "evaluate.human_names has ['joy']"),
        ("external", {"a b": {}}, "external.a b"),
        ("external", {"a": {"path": "x"}}, "external.a.layout is missing"),
        (
            "external",
            {"a": {"path": "x", "layout": "openface", "naming": "none"}},
            "external.a.naming is 'none'",
        ),
        ("drift.level", 0.0001, "level at least 1 / (permutations + 1)"),
        ("parallel.backend", "slurm", "parallel.backend is 'slurm'"),
        ("parallel.address", "tcp://head:8786", "parallel.address is 'tcp://head:8786'; null is"),
    ],
)
def test_names_file_key_value_and_what_is_allowed(tmp_path, tree, key, value, told):
    *parents, last = key.split(".")
    place = tree
    for part in parents:
        place = place[part]
    place[last] = value
    with pytest.raises(InputError) as error:
        load(tmp_path, tree)
    assert "params.yaml" in str(error.value)
    assert told in str(error.value)


def test_names_a_missing_key(tmp_path, tree):
    del tree["train"]["seed"]
    with pytest.raises(InputError, match=r"train\.seed is missing"):
        load(tmp_path, tree)


def test_refuses_a_rule_without_divisor(tmp_path, tree):
    del tree["recipes"]["baseline"]["divisors"]["guilt"]
    with pytest.raises(InputError, match=r"recipes\.baseline\.divisors"):
        load(tmp_path, tree)


@pytest.mark.parametrize("rate", [0.00001, 3e-7, 0.5, 2.5e1])
def test_reads_a_number_as_dvc_writes_it(tmp_path, rate):
    path = tmp_path / "params.yaml"
    shutil.copyfile(PARAMS, path)
    with modify_yaml(str(path)) as tree:  # what `dvc exp run -S` does
        tree["train"]["learning_rate"] = rate
    assert params.load(path).train.learning_rate == rate


def lists(tree, *above):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from lists(value, *above, key)
        elif isinstance(value, list):
            yield (*above, key)


@pytest.mark.parametrize("keys", list(lists(yaml.safe_load(PARAMS.read_text()))), ids=".".join)
def test_a_list_can_be_filled_and_emptied_again(tmp_path, keys):
    """Where a comment stands behind a list, DVC glues the lines together that follow."""
    path = tmp_path / "params.yaml"
    shutil.copyfile(PARAMS, path)
    *above, last = keys
    for value in (["a", "b"], [], ["c"], []):
        with modify_yaml(str(path)) as tree:
            section = tree
            for key in above:
                section = section[key]
            section[last] = value
        found = yaml.safe_load(path.read_text())
        assert found.keys() == tree.keys()


def test_a_key_is_the_text_that_stands_there(tmp_path):
    text = PARAMS.read_text().replace("'01': neutral", "01: neutral")
    (tmp_path / "params.yaml").write_text(text)
    assert params.load(tmp_path / "params.yaml").naming["ravdess"].emotions["01"] == "neutral"


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("recipe: a\nrecipe: b\n", "line 2: recipe stands twice"),
        ("train:\n  seed: 1\n  epochs: 2\n  seed: 3\n", "line 4: seed stands twice"),
        ("train: {seed: 1, seed: 1}\n", "line 1: seed stands twice"),
        ("a: &x {k: 1}\nb: {<<: *x, j: 1, j: 2}\n", "line 2: j stands twice"),
        ("train:\n  seed: 2026-02-30\n", "line 2: 2026-02-30 is no date"),
        ("train:\n  seed: 2026-13-01\n", "line 2: 2026-13-01 is no date"),
        ("seed: 2026-02-30T10:00:00Z\n", "line 1: 2026-02-30T10:00:00Z is no date"),
        ("[" * 100_000, "too deeply"),
        ("[" * 5_000 + "]" * 5_000, "too deeply"),
        ("- " * 5_000, "too deeply"),
        ("{a: " * 5_000 + "1" + "}" * 5_000, "too deeply"),
        (BOMB, "aliases"),
        ("a: &a [*a]\n", "aliases"),
        ("a: &a {b: [*a, *a]}\n", "aliases"),
        ("? [1, 2]\n: 3\n", "line 1: a key is a word"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: !!python/object/apply:os.getcwd []\n", "line 1"),
        ("a: !mine x\n", "line 1"),
        ("a: b: c\n", "line 1, column 5"),
        ("\ta: b\n", "line 1"),
        ("a: 'x\n", "line 2"),
        ("a: *nowhere\n", "line 1"),
        ("a: \x01\n", "#x0001"),
    ],
)
def test_what_a_parser_may_stumble_over_is_one_line_with_its_place(tmp_path, text, told):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        params.load(tmp_path / "params.yaml")
    message = str(error.value)
    assert told in message
    assert message.startswith(f"{tmp_path / 'params.yaml'}, ")
    assert "\n" not in message
    assert len(message) < 400


def test_an_alias_that_is_no_bomb_is_read(tmp_path):
    text = PARAMS.read_text()
    text = text.replace("    hidden: [256, 128, 64]", "    hidden: &layers [256, 128, 64]")
    (tmp_path / "params.yaml").write_text(text.replace("hidden: [128, 64, 32]", "hidden: *layers"))
    assert params.load(tmp_path / "params.yaml").recipes["baseline"].hidden == (256, 128, 64)


def test_says_how_to_save_what_is_not_utf_8(tmp_path):
    (tmp_path / "params.yaml").write_bytes("recipe: é".encode("latin-1"))
    with pytest.raises(InputError, match="Save it as UTF-8"):
        params.load(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["a: [", "- 1", ""])
def test_refuses_what_is_not_a_mapping(tmp_path, text):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(InputError, match=r"params\.yaml"):
        params.load(tmp_path / "params.yaml")


def test_says_where_to_run_when_the_file_is_missing(tmp_path):
    with pytest.raises(InputError, match="repository root"):
        params.load(tmp_path / "params.yaml")


def test_records_the_recipe_in_use_alone(tmp_path, tree):
    flat = load(tmp_path, tree).flat()
    assert flat["recipe"] == "improved"
    assert flat["recipe.epochs"] == 100
    assert flat["recipe.divisors.fear"] == 1.0
    assert flat["label.rules.happiness.aus"] == [6, 12]
    assert not [key for key in flat if "baseline" in key or "recipes" in key]


def test_records_nothing_of_where_it_was_computed(tmp_path, tree):
    """So it names no run, and begins no interrupted training anew."""
    here = load(tmp_path, tree).flat()
    tree["parallel"] = {"backend": "dask", "address": "tcp://head:8786"}
    assert load(tmp_path, tree).flat() == here


def test_a_rule_may_weigh_its_aus(tmp_path, tree):
    tree["label"]["rules"]["happiness"]["aus"] = {6: 0.25, 12: 1}
    settings = load(tmp_path, tree)
    assert settings.label.rules["happiness"].weights == {6: 0.25, 12: 1.0}
    assert settings.label.rules["anger"].weights == {4: 1.0, 5: 1.0, 7: 1.0}
    assert settings.flat()["label.rules.happiness.aus.6"] == 0.25
