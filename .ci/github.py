#!/usr/bin/env python3
"""Tell GitHub what a retraining came to, by `gh`: in one comment, or in a pull request.

The comment is found by the first line of its body, a hidden marker, among those that bots wrote:
it is updated, not repeated. The marker is set here, for the page comes from a job that runs the
code of the pull request, which could name the comment of another. Needs `gh` and, as a job has
them, GH_TOKEN, GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_RUN_ID and, for a pull request,
GITHUB_REF_NAME.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

MARKER = "<!-- au-emotion:retrain -->"
LONGEST = 65_000  # letters; GitHub takes 65,536 in a comment
LOCK = Path("dvc.lock")
NOTHING = "nothing to do"  # in the first heading where no model was judged
# A figure that was not pushed has no address that GitHub could show.
FIGURE = re.compile(r"^!\[[^\]]*\]\((?!https?:)[^)]*\)\n\n?", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    comment = commands.add_parser("comment", help="add or update the comment on a pull request")
    comment.add_argument("number", type=int, help="of the pull request")
    comment.add_argument("file", type=Path, help="Markdown")
    comment.set_defaults(run=lambda options: write_comment(options.number, body_of(options.file)))
    pull = commands.add_parser("pull-request", help="open or update that of the pushed dvc.lock")
    pull.add_argument("file", type=Path, help="Markdown; its first heading becomes the title")
    pull.set_defaults(run=lambda options: open_pull_request(body_of(options.file)))
    options = parser.parse_args()
    options.run(options)


def body_of(file: Path) -> str:
    """Read the page, cut to what GitHub takes, with the address of the job at its end."""
    if not file.is_file():
        raise SystemExit(f"error: {file} is not there: the retraining did not get that far.")
    own = os.environ
    job = (
        f"{own['GITHUB_SERVER_URL']}/{own['GITHUB_REPOSITORY']}/actions/runs/{own['GITHUB_RUN_ID']}"
    )
    text = FIGURE.sub("", file.read_text(encoding="utf-8"))
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition("\n")[0] + "\n\nCut here: the whole is with the job.\n"
    return f"{text}\nReports and figures: [artifacts of this job]({job}).\n"


def write_comment(number: int, page: str) -> None:
    """Update the bot's comment that has the marker, or add one."""
    body = f"{MARKER}\n{page}"
    comments = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    pages = json.loads(gh("api", "--paginate", "--slurp", f"{comments}/{number}/comments"))
    ours = [
        found["id"]
        for page in pages
        for found in page
        if found["body"].startswith(MARKER) and found["user"]["type"] == "Bot"
    ]
    if ours:
        gh("api", "--method=PATCH", f"{comments}/comments/{ours[0]}", "--input=-", body=body)
    else:
        gh("api", "--method=POST", f"{comments}/{number}/comments", "--input=-", body=body)
    print(f"pull request {number}: comment {'updated' if ours else 'added'}")


def open_pull_request(body: str) -> None:
    """Open a pull request for the branch of dvc.lock, or update its text.

    Not where the branch is merged already; and what an open one says of a verdict stays where
    nothing was judged since.
    """
    # The name by which `python -m pipeline retrain --push` pushes off a branch.
    branch = f"retrain/{hashlib.md5(LOCK.read_bytes(), usedforsecurity=False).hexdigest()[:12]}"
    if not run("git", "ls-remote", "--heads", "origin", f"refs/heads/{branch}").stdout:
        print(f"no branch {branch}: dvc.lock did not change")
        return
    if not run("git", "status", "--porcelain", "--", str(LOCK)).stdout:
        print(f"{branch} is merged: dvc.lock is that of {os.environ['GITHUB_REF_NAME']}")
        return
    title = next(line for line in body.splitlines() if line.startswith("#")).strip("# ")
    pulls = f"repos/{os.environ['GITHUB_REPOSITORY']}/pulls"
    owner = os.environ["GITHUB_REPOSITORY"].partition("/")[0]
    there = json.loads(gh("api", f"{pulls}?state=open&head={owner}:{branch}"))
    if there and NOTHING in title:
        print(f"pull request {there[0]['number']}: left as it is, for nothing was judged")
        return
    if there:
        gh("api", "--method=PATCH", f"{pulls}/{there[0]['number']}", "--input=-", body=body)
        print(f"pull request {there[0]['number']}: updated")
        return
    more = {"title": title, "head": branch, "base": os.environ["GITHUB_REF_NAME"]}
    try:
        made = gh("api", "--method=POST", pulls, "--input=-", body=body, **more)
    except subprocess.CalledProcessError as error:
        # Settings, Actions, "Allow GitHub Actions to create pull requests" is off by default.
        print(f"::warning::{branch} is pushed, but no pull request: {error.stderr.strip()}")
        return
    print(f"pull request {json.loads(made)['number']}: opened")


def gh(*arguments: str, **content: str) -> str:
    """Run gh, with a JSON body where there is content, and give what it prints."""
    return run("gh", *arguments, text=json.dumps(content) if content else None).stdout


def run(*command: str, text: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command; raises `CalledProcessError` where it fails."""
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as problem:
        print(f"error: {' '.join(problem.cmd[:3])}: {problem.stderr.strip()}", file=sys.stderr)
        raise SystemExit(1) from None
