"""Judge the trained model on the test split, beside baselines, and write report and figures."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline import params, paths
from pipeline.data import facs
from pipeline.data.frames import as_matrix, au_columns, column_codes, column_words
from pipeline.data.summary import read_warnings
from pipeline.data.units import AU_COLUMNS
from pipeline.errors import InputError, run_main
from pipeline.evaluation import baselines
from pipeline.evaluation.arrays import Floats
from pipeline.evaluation.audit import rule_audit
from pipeline.evaluation.case import Bounds, Case, build_case, mean_table, tuned_thresholds
from pipeline.evaluation.certainty import Plan
from pipeline.evaluation.gallery import draw
from pipeline.evaluation.judgement import judge, network_by_group
from pipeline.evaluation.metrics import Scores
from pipeline.evaluation.people import MOST_GROUPS
from pipeline.evaluation.predictions import KEYS, write_predictions
from pipeline.evaluation.report import Report, render
from pipeline.evaluation.style import save
from pipeline.evaluation.thresholds import Goal
from pipeline.model.saving import Predictor, load_model
from pipeline.schema import Params
from pipeline.tracking import provenance
from pipeline.tracking.run import Run
from pipeline.tracking.runs import evaluation_run


def rule_baseline(settings: Params) -> pd.DataFrame | None:
    """Score all frames by the labelling rules without the valence gate.

    None where the data lacks an action unit of the rules.
    """
    rules = {emotion: rule.aus for emotion, rule in settings.label.rules.items()}
    try:
        needed = facs.rule_columns(rules, au_columns(paths.FRAMES, AU_COLUMNS))
    except InputError:  # labels came from people, and the rules need what the data lacks
        return None
    frames = pq.read_table(paths.FRAMES, columns=needed)
    columns = {name: frames[name].to_numpy() for name in needed}
    scores = facs.rule_scores(columns, rules, settings.chosen.divisors)
    return pd.DataFrame(scores, columns=list(rules))


def predict_all(
    made: Mapping[str, Any],
    true: Floats,
    train: NDArray[np.bool_],
    rule: pd.DataFrame | None,
    seed: int,
) -> dict[str, Floats]:
    """Predict every row with the network and each baseline; baselines learn from `train` alone.

    The rule is no baseline where it does not know all emotions. Of very many training rows the
    regression learns from a sample that `seed` decides.
    """
    features = as_matrix(pq.read_table(paths.FRAMES, columns=made["features"]), made["features"])
    learnt = baselines.sample_rows(train, seed)
    if len(learnt) < (total := int(train.sum())):
        print(f"{baselines.LOGISTIC}: fitted to a sample of {len(learnt)} of {total} training rows")
    regression = baselines.fit_logistic(features[learnt], true[learnt])
    predicted: dict[str, Floats] = {
        baselines.NETWORK: Predictor(load_model(paths.MODEL))(features),
        baselines.CONSTANT: baselines.constant(true[train], len(true)),
        baselines.LOGISTIC: regression.predict(features),
    }
    if rule is not None and set(made["emotions"]) <= set(rule.columns):
        predicted[baselines.RULE] = rule[made["emotions"]].to_numpy()
    return predicted


def bounds_of(settings: Params) -> Bounds:
    """Gather what counts as positive, and what thresholds are tuned for."""
    evaluate, tune = settings.evaluate, settings.evaluate.tune
    goal = Goal(tune.goal, tune.least_precision, tune.miss, tune.false_alarm)
    return Bounds(evaluate.positive_at, evaluate.threshold, goal)


def audit_rules(rule: pd.DataFrame | None) -> pd.DataFrame | None:
    """Score the labelling rules against human categories, where frames have any."""
    words = pd.Series(column_words(paths.FRAMES, "emotion"))
    if rule is None or not (words != "").any():
        return None
    return rule_audit(rule, words.where(words != "", None))


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


def save_figures(case: Case, tuned: dict[str, Scores]) -> dict[str, str]:
    """Write every figure into the plots folder; return each one's caption by name."""
    distribution, history = pd.read_csv(paths.LABEL_DISTRIBUTION), pd.read_csv(paths.HISTORY)
    drawn = draw(case, tuned, distribution, history)
    for name, (figure, _) in drawn.items():
        save(figure, paths.PLOTS / f"{name}.png")
    return {name: caption for name, (_, caption) in drawn.items()}


def save_predictions(case: Case) -> str:
    """Write the network's test predictions row by row; return the hash of rows and labels."""
    test = case.rows("test")
    keys = pq.read_table(paths.FRAMES, columns=list(KEYS)).filter(pa.array(test))
    return write_predictions(
        paths.TEST_PREDICTIONS,
        keys,
        case.emotions,
        case.true[test],
        case.predicted[baselines.NETWORK][test],
        thresholds=case.thresholds[baselines.NETWORK],
        positive_at=case.bounds.positive_at,
    )


def record(run: Run, metrics: dict[str, float], tables: Mapping[str, pd.DataFrame]) -> None:
    """Record metrics, tables, figures and the report on the run."""
    run.log_metrics(metrics, of_model=True)
    for name, table in tables.items():
        run.log_table(table, f"evaluation/{name}")
    for path in (paths.METRICS, paths.THRESHOLDS, paths.REPORT, paths.TEST_PREDICTIONS):
        run.log_file(path, "evaluation")
    for path in sorted(paths.PLOTS.iterdir()):
        run.log_file(path, "evaluation/plots")
    hashes = provenance.dvc_hashes(paths.LOCK, "evaluate")
    run.log_dict(hashes, "provenance/md5.json")
    run.set_tags(provenance.hash_tags(hashes))


def main() -> None:
    settings = params.load()
    made = json.loads(paths.RUN.read_text())
    emotions: list[str] = made["emotions"]
    split = column_words(paths.FRAMES, "split")
    true = as_matrix(pq.read_table(paths.LABELS, columns=emotions), emotions)
    rule = rule_baseline(settings)
    chosen = settings.evaluate
    predicted = predict_all(made, true, split == "train", rule, chosen.seed)
    case = build_case(emotions, split, true, predicted, bounds_of(settings))
    plan = Plan(chosen.resamples, chosen.seed, chosen.confidence)
    judgement = judge(case, column_codes(paths.FRAMES, "subject")[0], plan)
    means, lines = mean_table(case), judgement.verdict
    report = Report(
        title=f"Evaluation of recipe {made['recipe']}",
        verdict=lines,
        scores=judgement.tuned,
        mean_predictions=means,
        figures=save_figures(case, judgement.tuned),
        warnings=read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY),
        audit=audit_rules(rule),
    )
    paths.METRICS.write_text(json.dumps(judgement.metrics(), indent=2) + "\n")
    paths.THRESHOLDS.write_text(json.dumps(tuned_thresholds(case), indent=2) + "\n")
    means.to_csv(paths.MEAN_PREDICTIONS, index=False)
    paths.REPORT.write_text(render(report))
    rows_hash = save_predictions(case)
    tables = {"mean_predictions": means, **judgement.tables(), **group_tables(case)}
    evaluated = {k: v for k, v in settings.flat().items() if k.startswith("evaluate.")}
    with evaluation_run(made["experiment"], made["run"], evaluated) as run:
        digest, rows = provenance.file_md5(paths.FRAMES), int((split == "test").sum())
        columns = dict.fromkeys(made["features"], "float32")
        run.log_dataset(paths.FRAMES, "frames for test", digest, "test", rows, columns)
        record(run, judgement.flat(), tables)
        run.set_tags({"mlflow.note.content": "\n\n".join(lines), "test.rows_hash": rows_hash})
    print("\n".join(lines))
    print(f"report: {paths.REPORT}; MLflow run {run.id or run.key} (`make ui`)")


if __name__ == "__main__":
    run_main(main)
