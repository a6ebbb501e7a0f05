import shutil

import pytest
import yaml
from reproduction.conftest import git

from pipeline.errors import InputError
from pipeline.reproduction.bring_data import START, bring, changed
from pipeline.reproduction.checkout import checkout
from pipeline.reproduction.compare import made_by
from pipeline.reproduction.replay import own_stages
from pipeline.settings.repository import dvc


def fill(folder, **texts):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)


def hashes(main) -> dict:
    """Give what DVC records of the pipeline's inputs today."""
    assert dvc(main.folder, "repro", "--force").returncode == 0
    stages = yaml.safe_load((main.folder / "dvc.lock").read_text())["stages"]
    deps = {dep["path"]: dep["md5"] for dep in stages["prepare"]["deps"]}
    return deps | made_by(main.folder / "dvc.lock")


def test_an_untracked_folder_is_linked_and_held_to_its_hash(main, recorded):
    data = main.folder / "recordings"
    fill(data, a="1", b="2")
    then = hashes(main)
    with checkout(main, recorded()) as copy:
        assert bring(main, copy, {}) == "recordings"
        assert (copy.folder / "recordings").is_symlink()
        assert changed(copy, then) == []
        (data / "b").write_text("3")
        assert changed(copy, then) == ["recordings"]
        (copy.folder / "code.py").write_text("EPOCHS = 9\n")
        assert changed(copy, then) == ["code.py", "recordings"]
    assert (data / "b").read_text() == "3"


def test_what_was_added_since_to_a_folder_that_git_holds_is_not_brought(main, recorded):
    fill(main.folder / "held", a="1")
    git(main.top, "add", "held")
    (main.folder / "params.yaml").write_text("data: {path: held}\n")
    then, run = hashes(main), recorded("held")
    git(main.top, "commit", "--quiet", "--message", "held")
    run.tags["git.commit"] = git(main.top, "rev-parse", "HEAD")
    fill(main.folder / "held", b="today")
    with checkout(main, run) as copy:
        bring(main, copy, then)
        assert [path.name for path in (copy.folder / "held").iterdir()] == ["a"]


def test_beside_what_dvc_tracks_the_rest_of_a_folder_is_linked(tracked, recorded):
    folder = tracked.folder / "both"
    fill(folder / "part", a="1")
    fill(folder / "rest", b="2")
    dvc(tracked.folder, "add", "both/part")
    git(tracked.top, "add", "both/part.dvc", "both/.gitignore")
    git(tracked.top, "commit", "--quiet", "--message", "both")
    fill(folder / "part", new="today")
    with checkout(tracked, recorded("both")) as copy:
        bring(tracked, copy, {})
        assert [path.name for path in (copy.folder / "both/part").iterdir()] == ["a"]
        assert (copy.folder / "both/rest/b").read_text() == "2"


def test_what_git_does_not_hold_of_a_folder_is_linked(main, recorded):
    fill(main.folder / "half/deep", a="1", b="2")
    fill(main.folder / "half/more", c="3")
    git(main.top, "add", "half/deep/a")
    git(main.top, "commit", "--quiet", "--message", "half")
    with checkout(main, recorded("half")) as copy:
        bring(main, copy, {})
        assert not (copy.folder / "half/deep/a").is_symlink()
        assert (copy.folder / "half/deep/b").read_text() == "2"
        assert (copy.folder / "half/more/c").read_text() == "3"


@pytest.mark.parametrize("absolute", [False, True])
def test_data_outside_the_repository_is_found_where_it_is(main, recorded, absolute):
    outside = main.top.parent / "recordings"
    fill(outside, a="1")
    path = str(outside) if absolute else "../recordings"
    with checkout(main, recorded(path)) as copy:
        assert bring(main, copy, {}) == path
        assert (copy.folder / path / "a").read_text() == "1"
        assert (copy.folder / path).resolve() == outside.resolve()


def test_missing_data_is_named(main, recorded):
    with (
        checkout(main, recorded("gone")) as copy,
        pytest.raises(InputError, match=r"data\.path is gone, which is not there"),
    ):
        bring(main, copy, {})


def test_the_model_that_training_started_from_is_brought_as_data_are(tracked, recorded):
    fill(tracked.folder / "start", model="then")
    dvc(tracked.folder, "add", "start")
    (tracked.folder / "params.yaml").write_text(
        "data: {path: recordings}\ntrain: {start_from: start}\n"
    )
    git(tracked.top, "add", ".")
    git(tracked.top, "commit", "--quiet", "--message", "start")
    run = recorded()
    run.files["params/params.yaml"].write_text((tracked.folder / "params.yaml").read_text())
    with checkout(tracked, run) as copy:
        assert bring(tracked, copy, {}, START) == "start"
        assert (copy.folder / "start/model").read_text() == "then"


def test_a_run_that_knows_no_such_model_needs_none(main, recorded):
    with checkout(main, recorded()) as copy:
        assert bring(main, copy, {}, START) == ""


def test_what_a_stage_makes_is_not_brought(main, recorded):
    (main.folder / "out.txt").write_text("old")
    with checkout(main, recorded("out.txt")) as copy:
        assert bring(main, copy, {}) == "out.txt"
        assert not (copy.folder / "out.txt").exists()


@pytest.fixture
def tracked(main):
    """The project with its data tracked by DVC and pushed; the run's version of it."""
    fill(main.folder / "recordings", a="1", b="2")
    remote = main.top.parent / "remote"
    assert dvc(main.folder, "remote", "add", "--default", "near", str(remote)).returncode == 0
    (main.folder / ".gitignore").unlink()
    assert dvc(main.folder, "add", "recordings").returncode == 0
    git(main.top, "add", ".")
    git(main.top, "commit", "--quiet", "--message", "tracked")
    return main


def test_tracked_data_of_the_run_comes_from_the_cache(tracked, recorded):
    run, then = recorded(), hashes(tracked)
    fill(tracked.folder / "recordings", b="today", c="new")
    dvc(tracked.folder, "add", "recordings")
    git(tracked.top, "commit", "--quiet", "--all", "--message", "another version")
    with checkout(tracked, run) as copy:
        bring(tracked, copy, {})
        assert (copy.folder / "recordings/b").read_text() == "2"
        assert changed(copy, then) == []
    assert (tracked.folder / "recordings/b").read_text() == "today"


def test_a_single_missing_file_is_named_by_its_hash(tracked, recorded):
    md5 = "c81e728d9d4c2f636f067f89cc14862c"  # of the text 2
    (tracked.folder / f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}").unlink()
    with (
        checkout(tracked, recorded()) as copy,
        pytest.raises(InputError, match=rf"recordings \(md5 \w+\.dir\); missing 1: {md5}\. "),
    ):
        bring(tracked, copy, {})


def test_without_a_remote_what_the_cache_lacks_is_named(tracked, recorded):
    (tracked.folder / ".dvc/config").write_text("[core]\n    analytics = false\n")
    shutil.rmtree(tracked.folder / ".dvc/cache")
    with (
        checkout(tracked, recorded()) as copy,
        pytest.raises(InputError, match=r"recordings \(md5 \w+\.dir\)\. Add the remote"),
    ):
        bring(tracked, copy, {})


def test_stages_for_each_of_several_are_no_part_of_a_run(main, recorded):
    fill(main.folder / "recordings", a="1")
    fill(main.folder / "others", a="2")
    group = "  external: {foreach: '${external}', do: {cmd: 'true', deps: ['${item}', code.py]}}\n"
    with (main.folder / "dvc.yaml").open("a") as file:
        file.write(group)
    (main.folder / "params.yaml").write_text("data: {path: recordings}\nexternal: [others]\n")
    git(main.top, "add", "dvc.yaml", "params.yaml")
    git(main.top, "commit", "--quiet", "--message", "others")
    then, run = hashes(main), recorded()
    run.tags["git.commit"] = git(main.top, "rev-parse", "HEAD")
    with checkout(main, run) as copy:
        bring(main, copy, {})
        assert own_stages(copy.folder) == ["prepare"]
        assert changed(copy, then) == []
