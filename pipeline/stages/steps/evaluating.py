"""Judge a model beside its baselines, and write and record scores, report and figures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.csv_files import read_csv, write_csv
from pipeline.data.frames import as_matrix, column_codes, column_words
from pipeline.evaluation import baselines
from pipeline.evaluation.all_models import Bounds, Case, build_case, mean_table, tuned_thresholds
from pipeline.evaluation.categories.judgement import judge_categories
from pipeline.evaluation.judgement import Judgement, judge, network_by_group
from pipeline.evaluation.prediction_file import KEYS, write_predictions
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.run_metrics import of_labels
from pipeline.evaluation.scoring.by_subject import MOST_GROUPS
from pipeline.evaluation.scoring.thresholds import Goal
from pipeline.report.evaluation_page import lead
from pipeline.report.figures.gallery import of_action_units, of_scores
from pipeline.report.figures.rendering import Renderer
from pipeline.report.terminal import Step
from pipeline.report.try_page.page import try_page
from pipeline.settings import paths, run_files
from pipeline.settings.schema import Params
from pipeline.stages.steps.explaining import look_into
from pipeline.stages.steps.predicting_baselines import predict_all, rule_baseline
from pipeline.stages.steps.reporting import (
    Pages,
    figures_before_scores,
    make_pages,
    page_of_run,
    write_pages,
)
from pipeline.stages.steps.trying import make_trial
from pipeline.tracking import provenance
from pipeline.tracking.open_runs import evaluation_run
from pipeline.tracking.run import DataSet, Run


@dataclass(frozen=True)
class Evaluated:
    """What is recorded of an evaluation: `made` is the content of run.json, `tables` are by name.

    `hashes` are the md5 of what was read, by path; `rows_hash` that of test rows and labels.
    """

    made: Mapping[str, Any]
    judgement: Judgement
    tables: Mapping[str, pd.DataFrame]
    pages: Pages
    hashes: Mapping[str, str]
    rows_hash: str


def bounds_of(settings: Params) -> Bounds:
    """Gather what counts as positive, and what thresholds are tuned for."""
    evaluate, tune = settings.evaluate, settings.evaluate.tune
    goal = Goal(tune.goal, tune.least_precision, tune.miss, tune.false_alarm)
    return Bounds(evaluate.positive_at, evaluate.threshold, goal)


def judge_case(settings: Params, case: Case) -> Judgement:
    """Score network and baselines; as categories, too, where people gave each clip one."""
    chosen = settings.evaluate
    resampling = Resampling(chosen.resamples, chosen.seed, chosen.confidence)
    subject, people = column_codes(paths.FRAMES, "subject")
    named = None
    if settings.label.source == "human":
        clip = column_codes(paths.FRAMES, "clip")[0]
        named = judge_categories(case, subject, clip, people, resampling)
    return judge(case, subject, resampling, named, chosen.primary)


def group_tables(case: Case) -> dict[str, pd.DataFrame]:
    """Score the network on each test subject and each test clip."""
    test, tables = case.rows("test"), {}
    for kind in ("subject", "clip"):
        codes, names = column_codes(paths.FRAMES, kind)
        number = len(np.unique(codes[test]))
        if number > MOST_GROUPS:
            print(f"no table of {number} {kind}s: {MOST_GROUPS} at most are scored one by one")
        else:
            tables[f"{kind}s"] = network_by_group(case, codes, names, kind)
    return tables


def save_predictions(case: Case, keys: pa.Table) -> str:
    """Write the network's test predictions row by row; return the hash of rows and labels."""
    test = case.rows("test")
    return write_predictions(
        paths.TEST_PREDICTIONS,
        keys,
        case.emotions,
        case.true[test],
        case.predicted[baselines.NETWORK][test],
        thresholds=case.thresholds[baselines.NETWORK],
        positive_at=case.bounds.positive_at,
    )


def write_numbers(case: Case, judgement: Judgement) -> None:
    """Write all scores, the tuned thresholds, and the few numbers that DVC compares."""
    summary = judgement.for_dvc(float(pd.read_csv(paths.HISTORY)["val_loss"].min()))
    contents = {
        paths.METRICS: judgement.metrics(),
        paths.THRESHOLDS: tuned_thresholds(case),
        paths.SUMMARY: summary,
    }
    for path, content in contents.items():
        path.write_text(json.dumps(content, indent=2) + "\n")


def record_scores(run: Run, judgement: Judgement, digest: str) -> None:
    """Record the scores of the kept checkpoint, on the run and on the page of its model."""
    run.log_metrics(judgement.of_training(), of_model=DataSet("training", digest))
    run.log_metrics(judgement.of_validation(), of_model=DataSet("validation", digest))
    run.log_metrics(judgement.of_test(), of_model=DataSet("test", digest))
    labels = read_csv(paths.LABEL_DISTRIBUTION, text=("split", "emotion"))
    run.log_metrics(of_labels(labels, judgement.others))


def record_files(run: Run, tables: Mapping[str, pd.DataFrame]) -> None:
    """Record tables and all files but the page, which names its run."""
    for name, table in tables.items():
        run.log_table(table, f"{run_files.EVALUATION}/{name}")
    rules = paths.TABLES / "fitted_rules.yaml"
    numbers = (paths.SUMMARY, paths.METRICS, paths.THRESHOLDS)
    for path in (*numbers, paths.REPORT, paths.TRY_PAGE, paths.TEST_PREDICTIONS, rules):
        run.log_file(path, run_files.EVALUATION)
    run.log_thresholds(paths.THRESHOLDS)
    for folder in (paths.PLOTS, paths.SVG):
        for path in sorted(folder.iterdir()):
            run.log_file(path, f"{run_files.EVALUATION}/{folder.name}")
    hashes = provenance.dvc_hashes(paths.LOCK, "evaluate")
    run.log_dict(hashes, run_files.HASHES)


def names_of(made: Mapping[str, Any]) -> dict[str, str]:
    """Say which run made the model, from what: the copy of the report on the run tells it."""
    hashes, data = provenance.dvc_hashes(paths.LOCK, "evaluate"), made["params"]["data.path"]
    return {
        "key (tag `pipeline.run`)": made["run"],
        "commit of this evaluation": provenance.git_state().tags["git.commit"],
        f"md5 of {data}": hashes.get(data, "not known to DVC"),
    }


def evaluate(settings: Params, step: Step, renderer: Renderer) -> Evaluated:
    """Judge the model and write all files."""
    made = json.loads(paths.RUN.read_text())
    emotions: list[str] = made["emotions"]
    renderer.begin(figures_before_scores(made))
    split = column_words(paths.FRAMES, "split")
    true = as_matrix(pq.read_table(paths.LABELS, columns=emotions), emotions)
    rule = rule_baseline(settings)
    step("predicting every frame with the network and its baselines")
    predicted = predict_all(made, true, split == "train", rule, settings.evaluate.seed)
    case = build_case(emotions, split, true, predicted, bounds_of(settings))
    step(f"scoring, with intervals over people ({settings.evaluate.resamples} resamples)")
    judgement = judge_case(settings, case)
    means = mean_table(case)
    tables = {"mean_predictions": means, **judgement.tables(), **group_tables(case)}
    keys = pq.read_table(paths.FRAMES, columns=list(KEYS)).filter(pa.array(split == "test"))
    renderer.begin(of_scores(case, keys, judgement.tuned, tables))
    step("finding out what the network looks at")
    insight = look_into(settings, made, split, rule, predicted[baselines.NETWORK])
    renderer.begin(of_action_units(insight.tables["importance"], insight.tables["response"]))
    insight.write()
    tables |= insight.tables
    read = (paths.FRAMES, paths.LABELS, paths.MODEL)
    hashes = {path.as_posix(): provenance.file_md5(path) for path in read}
    page = try_page(make_trial(made, case, settings.evaluate.seed))
    paths.TRY_PAGE.write_text(page, encoding="utf-8")
    write_numbers(case, judgement)
    write_csv(means, paths.MEAN_PREDICTIONS)
    rows_hash = save_predictions(case, keys)
    step("drawing figures and writing the report")
    pages = make_pages(settings, made, judgement, tables, renderer.finish(), hashes)
    write_pages(pages)
    return Evaluated(made, judgement, tables, pages, hashes, rows_hash)


def record(settings: Params, done: Evaluated) -> str:
    """Record an evaluation on the run that made the model; return the run's address."""
    made, test = done.made, DataSet("test", done.hashes[paths.FRAMES.as_posix()])
    evaluated = {k: v for k, v in settings.flat().items() if k.startswith("evaluate.")}
    with evaluation_run(made["experiment"], made["run"], evaluated) as run:
        rows, columns = done.judgement.case.rows("test"), dict.fromkeys(made["features"], "float32")
        run.log_dataset(test, paths.FRAMES, int(rows.sum()), columns)
        record_scores(run, done.judgement, test.digest)
        record_files(run, done.tables)
        run.log_text(page_of_run(done.pages, made, names_of(made)), run_files.REPORT)
        shown = f"Figures and tables: `{run_files.REPORT}`, and to try the model: "
        lines = [*lead(done.pages.report), *done.judgement.verdict]
        note = [*lines, f"{shown}`{run_files.TRY_PAGE}`, under Artifacts."]
        run.set_tags({"mlflow.note.content": "\n\n".join(note)})
        run.log_dict({"rows_hash": done.rows_hash}, run_files.TEST_ROWS)
    return run.address
