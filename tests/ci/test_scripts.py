"""Run CI's scripts against a gh of our own, which keeps what it is sent in a file."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gh import GH, executable
from throwaway import environment

ROOT = Path(__file__).resolve().parents[2]
MARKER = "<!-- au-emotion:retrain -->"
LOCK = "stages: {}\n"
BRANCH = f"retrain/{hashlib.md5(LOCK.encode()).hexdigest()[:12]}"


class Job:
    """A clone with the scripts, a bare remote, and the environment of a job on GitHub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "it"
        shutil.copytree(ROOT / ".ci", self.folder / ".ci")
        executable(folder / "bin/gh", f"#!{sys.executable}\n{GH}")
        self.store = folder / "store.json"
        self.put(comments=[], pulls=[], calls=[])
        path = f"{folder / 'bin'}{os.pathsep}{environment()['PATH']}"
        self.own = environment(
            PATH=path,
            STORE=str(self.store),
            GITHUB_REPOSITORY="me/it",
            GITHUB_SERVER_URL="https://github.example",
            GITHUB_RUN_ID="42",
            GITHUB_REF_NAME="main",
            GIT_CONFIG_GLOBAL=os.devnull,
        )
        self.run("git", "init", "--quiet", "--bare", "../remote")
        self.run("git", "init", "--quiet", "--initial-branch=main", "--template=")
        self.run("git", "config", "user.name", "Test")
        self.run("git", "config", "user.email", "test@localhost")
        self.run("git", "remote", "add", "origin", "../remote")
        (self.folder / "dvc.lock").write_text("before")
        self.run("git", "add", ".")
        self.run("git", "commit", "--quiet", "--message=all")
        (self.folder / "dvc.lock").write_text(LOCK)

    def run(self, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.own | more,
            capture_output=True,
            text=True,
            check=not command[0].startswith(".ci"),
        )

    def page(self, *lines: str) -> str:
        (self.folder / "page.md").write_text("\n".join([*lines, ""]))
        return "page.md"

    def put(self, **state: Any) -> None:
        self.store.write_text(json.dumps(state))

    def state(self) -> dict[str, Any]:
        return json.loads(self.store.read_text())


@pytest.fixture
def job(tmp_path) -> Job:
    return Job(tmp_path)


def test_one_comment_is_updated_not_repeated(job):
    human = {"id": 1, "body": f"{MARKER}\ncopied by a person", "user": {"type": "User"}}
    other = {"id": 2, "body": "another bot", "user": {"type": "Bot"}}
    job.put(comments=[human, other], pulls=[], calls=[])
    first = job.run(".ci/github.py", "comment", "5", job.page("kept"))
    assert first.stdout == "pull request 5: comment added\n", first.stderr
    second = job.run(".ci/github.py", "comment", "5", job.page("promoted"))
    assert second.stdout == "pull request 5: comment updated\n", second.stderr
    bodies = [found["body"] for found in job.state()["comments"]]
    assert bodies[:2] == [human["body"], other["body"]]
    assert len(bodies) == 3
    assert bodies[2].startswith(f"{MARKER}\npromoted\n")
    assert "(https://github.example/me/it/actions/runs/42)" in bodies[2]


def test_only_figures_with_an_address_stand_in_the_comment(job):
    page = job.page("![far](https://github.example/a.png)", "![near](scores.png)", "", "end")
    job.run(".ci/github.py", "comment", "5", page)
    body = job.state()["comments"][0]["body"]
    assert "![far](https://github.example/a.png)\nend\n" in body
    assert "near" not in body


def test_a_page_that_is_too_long_is_cut_and_says_so(job):
    job.run(".ci/github.py", "comment", "5", job.page(*["é" * 99] * 1000))
    body = job.state()["comments"][0]["body"]
    assert len(body) < 65_536
    assert "Cut here" in body


def test_a_page_cannot_name_the_comment_that_is_updated(job):
    other = {"id": 2, "body": "<!-- another -->\na bot's", "user": {"type": "Bot"}}
    job.put(comments=[other], pulls=[], calls=[])
    job.run(".ci/github.py", "comment", "5", job.page("<!-- another -->", "mine"))
    bodies = [found["body"] for found in job.state()["comments"]]
    assert bodies[0] == other["body"]
    assert bodies[1].startswith(f"{MARKER}\n<!-- another -->\nmine")


def test_a_page_that_is_not_there_is_an_error_of_one_line(job):
    done = job.run(".ci/github.py", "comment", "5", "nothing.md")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert job.state()["calls"] == []


def test_what_github_refuses_is_an_error_of_one_line(job):
    job.put(comments=[], pulls=[], calls=[], refuse=True)
    done = job.run(".ci/github.py", "comment", "5", job.page("kept"))
    assert done.returncode == 1
    assert done.stderr == "error: gh api --method=POST: HTTP 403: not permitted\n"


def test_a_pull_request_is_opened_for_the_branch_of_the_lock_and_then_updated(job):
    page = job.page("## Retraining: version 2 promoted", "", "because")
    done = job.run(".ci/github.py", "pull-request", page)
    assert done.stdout == f"no branch {BRANCH}: dvc.lock did not change\n", done.stderr
    job.run("git", "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    assert job.run(".ci/github.py", "pull-request", page).stdout == "pull request 7: opened\n"
    assert job.run(".ci/github.py", "pull-request", page).stdout == "pull request 7: updated\n"
    (pull,) = job.state()["pulls"]
    assert pull["title"] == "Retraining: version 2 promoted"
    assert (pull["head"], pull["base"]) == (BRANCH, "main")


def test_a_verdict_stays_in_the_pull_request_where_nothing_was_judged_since(job):
    job.run("git", "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    job.run(".ci/github.py", "pull-request", job.page("# Retraining: version 2 kept"))
    before = job.state()["pulls"]
    later = job.page("# Retraining: nothing to do: nothing relevant changed")
    done = job.run(".ci/github.py", "pull-request", later)
    assert done.stdout == "pull request 7: left as it is, for nothing was judged\n", done.stderr
    assert job.state()["pulls"] == before


def test_no_pull_request_is_opened_for_a_branch_that_is_merged(job):
    job.run("git", "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    job.run("git", "commit", "--quiet", "--message=squashed", "dvc.lock")
    done = job.run(".ci/github.py", "pull-request", job.page("# Retraining: nothing to do"))
    assert done.stdout == f"{BRANCH} is merged: dvc.lock is that of main\n", done.stderr
    assert job.state()["pulls"] == []


def test_without_the_right_to_open_pull_requests_the_job_goes_on_with_a_warning(job):
    job.run("git", "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    job.put(comments=[], pulls=[], calls=[], refuse=True)
    done = job.run(".ci/github.py", "pull-request", job.page("## Title"))
    assert done.returncode == 0
    assert done.stdout.startswith(f"::warning::{BRANCH} is pushed, but no pull request: HTTP 403")


@pytest.fixture
def trained(job) -> Job:
    """Give a job whose `make` makes nothing, and whose python and dvc note how they were called."""
    (job.folder / "Makefile").write_text(".venv/.run:\n\t@touch $@\n")
    note = '#!/bin/sh\necho "$(basename "$0") $*, store ${MLFLOW_TRACKING_URI-unset}" >> called\n'
    executable(job.folder / ".venv/bin/python", f"{note}exit ${{CODE:-0}}\n")
    executable(job.folder / ".venv/bin/dvc", note)
    return job


def called(job: Job) -> list[str]:
    return (job.folder / "called").read_text().splitlines()


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 1), (3, 0), (4, 4)])
def test_a_model_that_is_kept_fails_no_job_one_that_is_refused_does(trained, code, ends):
    done = trained.run(".ci/retrain", CODE=str(code), MLFLOW_TRACKING_URI="")
    assert done.returncode == ends, done.stderr
    assert called(trained) == ["python -m pipeline retrain, store unset"]
    assert trained.run("git", "symbolic-ref", "--short", "HEAD").stdout == "main\n"


@pytest.mark.parametrize(("code", "told"), [(0, "ended=true\n"), (1, ""), (4, "ended=true\n")])
def test_a_job_hears_whether_the_cycle_came_to_its_end(trained, tmp_path, code, told):
    outputs = tmp_path / "outputs"
    outputs.touch()
    trained.run(".ci/retrain", CODE=str(code), GITHUB_OUTPUT=str(outputs))
    assert outputs.read_text() == told


def test_a_result_to_store_goes_to_a_branch_of_its_own_and_the_one_at_hand_stays(trained):
    trained.run(".ci/retrain", PUSH="true", RENEW_TEST="true", GH_TOKEN="of the job")
    (line,) = called(trained)
    assert line == "python -m pipeline retrain --push --aside --renew-test, store unset"
    assert trained.run("git", "branch", "--show-current").stdout == "main\n"
    assert trained.state()["calls"] == [["auth", "setup-git"]]


def test_a_dry_run_promotes_nothing(trained):
    trained.run(".ci/retrain", DRY_RUN="true")
    assert called(trained) == ["python -m pipeline retrain --dry-run, store unset"]


def test_parameters_are_handed_on_as_they_are(trained):
    values = "recipe=baseline label.rules.fear.aus=[1,2]"
    trained.run(".ci/retrain", SET=values, PUSH="false", MLFLOW_TRACKING_URI="http://it")
    assert called(trained) == [
        "python -m pipeline retrain --set=recipe=baseline --set=label.rules.fear.aus=[1,2], "
        "store http://it"
    ]
