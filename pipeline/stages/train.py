"""Train the network on the training split, recorded epoch by epoch as one MLflow run."""

import gc
import json

import click
import pyarrow.parquet as pq

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.frames import au_columns
from pipeline.errors import run_main
from pipeline.settings import params, paths
from pipeline.stages.steps.run_name import run_name
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.sender_process import get_ready
from pipeline.tracking.resumable import own_training

# What is asked of a model once it is trained; no part of how it was made.
AFTERWARDS = ("evaluate.", "external", "promote.", "drift.")


@click.option("--fresh", is_flag=True, help="Forget an interrupted training.")
def main(*, fresh: bool = False) -> None:
    settings = params.load()
    get_ready()  # MLflow loads in a process beside, while TensorFlow does here
    from pipeline.stages.steps import recording
    from pipeline.stages.steps.training import (
        choose_columns,
        inputs_of,
        start_of,
        told_of,
        train,
    )

    gc.freeze()  # see `errors.process`
    columns = choose_columns(settings.features.columns, au_columns(paths.FRAMES, AU_COLUMNS))
    emotions = list(pq.read_schema(paths.LABELS).names)
    recording.show_warnings()
    start = start_of(settings, columns, emotions)
    recorded = {k: v for k, v in settings.flat().items() if not k.startswith(AFTERWARDS)}
    experiment, recipe = settings.tracking.experiment, settings.recipe
    with own_training(inputs_of(recorded, columns, emotions, start), fresh=fresh) as training:
        name = run_name(recorded)
        with training_run(experiment, name, recorded, {}, key=training.key) as run:
            best_epoch, features = train(run, settings, (columns, emotions), start, training.folder)
        content = {
            "run": run.key,
            "name": name,
            "in_mlflow": f"tags.`pipeline.run` = '{run.key}'",  # for the search field of its runs
            "experiment": experiment,
            "recipe": recipe,
            "best_epoch": best_epoch,
            "params": recorded,
            "features": columns,
            "feature_map": features.lay_out(),
            "emotions": emotions,
            **({"start": told_of(start)} if start else {}),
        }
        paths.RUN.write_text(json.dumps(content, indent=2) + "\n")
        training.finish(paths.RUN)
    print(f"MLflow run {name}: {run.address}")


if __name__ == "__main__":
    run_main(main)
