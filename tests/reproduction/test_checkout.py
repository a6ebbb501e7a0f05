import pytest
from reproduction.conftest import git

from pipeline.errors import InputError
from pipeline.reproduction.checkout import PATCH, checkout, find_project, refuse


def copies(main) -> list:
    return list(main.top.parent.glob(f".{main.top.name}-*"))


def test_the_copy_holds_the_code_and_the_parameters_of_the_run(main, recorded):
    run = recorded("elsewhere")
    (main.folder / "code.py").write_text("EPOCHS = 2\n")
    git(main.top, "commit", "--quiet", "--all", "--message", "second")
    with checkout(main, run) as copy:
        assert (copy.folder / "code.py").read_text() == "EPOCHS = 1\n"
        assert (copy.folder / "params.yaml").read_text() == "data: {path: elsewhere}\n"
        assert copy.top.parent == main.top.parent
    assert copies(main) == []
    assert len(git(main.top, "worktree", "list").splitlines()) == 1


def test_the_copy_is_removed_after_an_error_and_what_links_lead_to_stays(main, recorded):
    data = main.folder / "recordings"
    data.mkdir()
    (data / "a").write_text("1")

    def fail() -> None:
        with checkout(main, recorded()) as copy:
            (copy.folder / "recordings").symlink_to(data)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert copies(main) == []
    assert (data / "a").read_text() == "1"


def test_hooks_of_the_repository_do_not_run(main, recorded):
    hook = main.top / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    with checkout(main, recorded()) as copy:
        assert not (copy.folder / "hooked").exists()


def enter(main, run) -> None:
    with checkout(main, run):
        pass


def test_a_patch_that_does_not_fit_is_refused(main, recorded):
    run = recorded(files=("params/params.yaml", PATCH), git_dirty="true")
    with pytest.raises(InputError, match=r"git apply failed: .*compare the tags git"):
        enter(main, run)
    assert copies(main) == []


def test_a_commit_that_the_repository_lacks_is_named(main, recorded):
    with pytest.raises(InputError, match=f"commit {'a' * 40}, which .*`git fetch --all`"):
        enter(main, recorded(git_commit="a" * 40))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"mlflow_parentRunId": "77"}, "another evaluation of the model of run 77: reproduce that"),
        ({"status": "FAILED"}, "is FAILED and has no result"),
        ({"git_commit": "none"}, "was made outside git"),
        ({"files": ()}, "python -m pipeline relocate"),
        ({"git_dirty": "true", "git_patch": "omitted: 9 bytes"}, r"no patch \(omitted: 9 bytes\)"),
    ],
)
def test_a_run_that_has_no_way_back_is_refused_with_the_reason(recorded, how, said):
    with pytest.raises(InputError, match=said):
        refuse(recorded(**how))


def test_the_run_that_an_evaluation_in_another_store_is_of_is_named(recorded):
    run = recorded()
    run.tags["source_run"] = "88"
    with pytest.raises(InputError, match="run 88, which was in another store"):
        refuse(run)


def test_a_clean_run_is_not_refused(recorded):
    refuse(recorded())


def test_a_folder_without_a_pipeline_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no dvc\.yaml in a git repository"):
        find_project(tmp_path)
