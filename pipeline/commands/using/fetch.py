"""Copy a model into a folder from which a training can start (train.start_from).

MODEL is champion, a run (its id, name or experiment, models:/NAME@ALIAS, a git revision,
workspace), or a .keras file; else the champion, and without one the model in outputs/. The folder
then holds model.keras, run.json, which tells its action units and emotions, and, of a run,
subjects.json: the names of the people whom it learned from, so that a test of them is warned of.
"""

import json
import shlex
import shutil
import tempfile
from pathlib import Path

import click

from pipeline.errors import InputError
from pipeline.model.start import NETWORK, PEOPLE, TOLD
from pipeline.prediction.stored_model import StoredModel
from pipeline.settings import params, run_files
from pipeline.settings.schema import UNTRAINED

EXIT_CODES = """\b
exit codes:
  0  done
  1  error: one line on stderr says what to do
  2  wrong usage
"""


@click.argument("model", metavar="[MODEL]", required=False)
@click.option(
    *("-o", "--out", "out"),
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the model goes, such as models/champion; another one there is replaced.",
)
def run(model: str | None, out: Path) -> None:
    """Copy the files and say what to do next; raise `InputError` where there is no such model."""
    from pipeline.commands.using.stored_models import find_model

    refuse_place(out)
    with tempfile.TemporaryDirectory() as scratch:
        found = find_model(params.load(), model, Path(scratch))
        found.load()  # refuses what is damaged
        _copy(found, out, Path(scratch))
    print(f"{found.name}: {len(found.features.columns)} AU columns, {', '.join(found.emotions)}")
    place = shlex.quote(str(out))
    print(f"written: {out}. Keep it with `dvc add {place}` (or `git add {place}`), commit, then")
    print(f"dvc exp run -S train.start_from={place}")


def refuse_place(out: Path) -> None:
    """Raise `InputError` for a folder that holds anything but a model to start from."""
    if out == Path(UNTRAINED):
        raise InputError(f"--out {out} stands for random weights; name another folder.")
    if other := sorted({p.name for p in out.glob("*")} - {NETWORK, TOLD, PEOPLE}):
        raise InputError(
            f"--out {out} holds other files ({', '.join(other[:3])}). Name a folder that is not "
            "there yet, such as models/champion."
        )


def _copy(model: StoredModel, out: Path, scratch: Path) -> None:
    features = model.features.lay_out()
    told = {"name": model.name, "feature_map": features, "emotions": list(model.emotions)}
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(model.network, out / NETWORK)
    (out / TOLD).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    (out / PEOPLE).unlink(missing_ok=True)
    if people := _people(model, scratch):
        shutil.copy(people, out / PEOPLE)


def _people(model: StoredModel, scratch: Path) -> Path | None:
    """Fetch the file that names people by split; None of a model that has no run."""
    from pipeline.tracking.store.artifacts import fetch
    from pipeline.tracking.store.connection import open_client

    return fetch(open_client(), model.run, run_files.SUBJECTS, scratch) if model.run else None
