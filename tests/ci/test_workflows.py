"""Hold the workflows to what makes them safe, and to commands that this repository has."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GITLAB = ROOT / "docs/ci/gitlab-ci.yml"
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def read(path: Path) -> dict:
    tree = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in tree.items()}  # YAML 1.1's on


def steps(tree: dict) -> Iterator[dict]:
    for job in tree["jobs"].values():
        yield from job["steps"]


def commands() -> Iterator[str]:
    """Give every line that a job of the workflows or of the GitLab example runs."""
    for path in WORKFLOWS:
        for step in steps(read(path)):
            yield from step.get("run", "").splitlines()
    for job in read(GITLAB).values():
        if isinstance(job, dict):
            yield from [*job.get("before_script", []), *job.get("script", [])]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_their_version_beside(path):
    lines = [line.strip("- ") for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.match(line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_permitted_but_what_a_job_asks_for(path):
    tree = read(path)
    assert tree["permissions"] == {}
    assert all("permissions" in job for job in tree["jobs"].values())
    assert "pull_request_target" not in tree["on"]
    assert "secrets." not in re.sub(r"#.*", "", path.read_text())
    assert tree["concurrency"]["group"]
    assert all(job["timeout-minutes"] <= 120 for job in tree["jobs"].values())


def test_code_of_a_pull_request_never_runs_where_a_job_may_write():
    jobs = read(ROOT / ".github/workflows/retrain.yml")["jobs"]
    for name, job in jobs.items():
        assert all(
            step["with"]["persist-credentials"] is False
            for step in job["steps"]
            if "checkout" in step.get("uses", "")
        )
        if "write" in job["permissions"].values():
            own = "github.event_name != 'pull_request'" in job["if"]
            checkout = next(s for s in job["steps"] if "checkout" in s.get("uses", ""))
            base = checkout["with"].get("ref") == "${{ github.event.pull_request.base.sha }}"
            assert own or base, name
    assert "head.repo.full_name == github.repository" in jobs["comment"]["if"]
    assert jobs["judge"]["permissions"] == {"contents": "read"}
    judging = next(step for step in jobs["judge"]["steps"] if step.get("run") == ".ci/retrain")
    assert judging["env"] == {
        "DRY_RUN": "true",
        "RENEW_TEST": "${{ inputs.renew-test }}",
        "SET": "${{ inputs.set }}",
    }


def test_parameters_are_tried_without_a_token_and_displace_no_merge():
    tree = read(ROOT / ".github/workflows/retrain.yml")
    users = [
        name
        for name, job in tree["jobs"].items()
        if any("inputs.set" in text for s in job["steps"] for text in s.get("env", {}).values())
    ]
    assert users == ["judge"]
    assert "GH_TOKEN" not in str(tree["jobs"]["judge"])
    assert tree["jobs"]["judge"]["if"] == "github.event_name == 'pull_request' || inputs.set"
    assert tree["jobs"]["retrain"]["if"].endswith("&& !inputs.set")
    assert "inputs.set && github.run_id ||" in tree["concurrency"]["group"]


def test_the_state_is_saved_by_a_cycle_that_ended_alone():
    saving = [
        step
        for step in steps(read(ROOT / ".github/workflows/retrain.yml"))
        if "cache/save" in step.get("uses", "")
    ]
    assert [step["if"] for step in saving] == ["${{ !cancelled() && steps.cycle.outputs.ended }}"]


def test_retrains_where_parameters_code_or_data_changed():
    on = read(ROOT / ".github/workflows/retrain.yml")["on"]
    wanted = {"params.yaml", "dvc.yaml", "dvc.lock", "pipeline/**", "models/**", "**/*.dvc"}
    assert set(on["push"]["paths"]) == set(on["pull_request"]["paths"]) == wanted
    assert on["push"]["branches"] == ["main"]
    assert {"schedule", "workflow_dispatch"} < on.keys()


def test_every_command_that_runs_exists():
    known = {"cat", "git", "if"}
    found = list(commands())
    assert len(found) > 6
    for line in found:
        program, *arguments = line.split()
        if program in known:
            continue
        assert program.startswith(".ci/"), line
        assert os.access(ROOT / program, os.X_OK), line
        if program == ".ci/github.py":
            subprocess.run(
                [ROOT / program, arguments[0], "--help"], check=True, capture_output=True
            )


def test_no_command_pastes_what_others_wrote_into_a_shell():
    assert [line for line in commands() if "${{" in line] == []


@pytest.mark.parametrize(
    ("program", "options"), [("zizmor", ["--offline", "--persona", "pedantic"]), ("actionlint", [])]
)
def test_workflows_pass(program, options):
    path = Path(sys.executable).with_name(program)  # of the dev dependencies
    done = subprocess.run(
        [path, *options, *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
