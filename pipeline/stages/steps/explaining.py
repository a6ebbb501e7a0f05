"""Look into a model and its labels: what the model leans on, what people say of the rules.

A part of the evaluate stage. Only rows of the test split explain the model and score rules; rules
are fitted to training rows. Where there are more rows than a bound, so many are drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import ACTIVATIONS, INTENSITIES
from pipeline.data.csv_files import write_csv
from pipeline.data.features.feature_map import read_feature_map
from pipeline.data.features.frame_features import columns_for, make_features
from pipeline.data.frames import (
    as_matrix,
    au_columns,
    column_codes,
    column_words,
    load_rows,
)
from pipeline.data.labels.facs_rules import Rules
from pipeline.data.names.words import folded, meant_by
from pipeline.evaluation.explaining import rule_audit, rule_fitting
from pipeline.evaluation.explaining.disagreements import disagreements
from pipeline.evaluation.explaining.importance import MOST_ROWS, Asked, importance, response
from pipeline.evaluation.explaining.rule_and_network import compare_with_people
from pipeline.evaluation.explaining.rule_fitting import FittedRule, People
from pipeline.evaluation.resampling.bootstrap import Groups, group
from pipeline.evaluation.resampling.intervals import DIGITS
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.model.inference.model_file import open_network
from pipeline.settings import paths
from pipeline.settings.schema import Params

# Subjects beyond so many are drawn in groups: bounds of a hundred pairs cost a second then.
GROUPS = 200


@dataclass(frozen=True)
class Insight:
    """Tidy tables by name, and the section of params.yaml that adopts the fitted rules.

    `importance`, `response` and `disagreements` (see the modules of these names) always; where
    people named frames and the rules can be scored `audit` (`rule_audit.rule_audit` with `low`
    and `high`), `audit_aus` (`rule_audit.au_audit`) and `fitted_rules` (`compare_rules`); where
    the rules taught the model, `rule_and_network` (`compare_with_people`).
    """

    tables: dict[str, pd.DataFrame]
    snippet: str

    def write(self) -> None:
        """Write the tables as CSV and the section as YAML."""
        paths.TABLES.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            write_csv(table, paths.TABLES / f"{name}.csv")
        (paths.TABLES / "fitted_rules.yaml").write_text(self.snippet)


def look_into(
    settings: Params,
    made: Mapping[str, Any],
    split: NDArray[np.str_],
    rule: pd.DataFrame | None,
    network: Floats,
) -> Insight:
    """Explain the model and audit the rules.

    `made` is the content of run.json, `split` each row's; `rule` has the rules' scores of all
    rows, None where the data lacks an AU of theirs; `network` has the model's predictions.
    """
    tables = explain(settings, made, split == "test")
    words = column_words(paths.FRAMES, "emotion")
    if rule is None or not (words != "").any():
        return Insight(_rounded(tables), rule_fitting.NOTHING)
    fitted, snippet = _adopt(settings, split, words)
    tables |= _audit(settings, rule, words) | {"fitted_rules": fitted}
    if settings.label.source == "facs" and (words[split == "test"] != "").any():
        taught = pd.DataFrame(network, columns=made["emotions"])
        tables["rule_and_network"] = _beside(settings, rule, taught, words, split == "test")
    return Insight(_rounded(tables), snippet)


def _rounded(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: table.round(DIGITS) for name, table in tables.items()}


def explain(
    settings: Params, made: Mapping[str, Any], test: NDArray[np.bool_]
) -> dict[str, pd.DataFrame]:
    """Ask the model about rows of the test split."""
    chosen, emotions = settings.evaluate, made["emotions"]
    rows = _sample(test, chosen.seed)
    how, network = read_feature_map(made["feature_map"]), open_network(paths.MODEL)
    frames = pq.read_table(paths.FRAMES, columns=columns_for(how))
    asked = Asked(
        predict=network,
        features=make_features(frames, how)[rows],
        columns=how.columns,
        true=load_rows(paths.LABELS, rows, emotions),
        emotions=emotions,
        groups=_groups(settings, rows),
    )
    rules = prototypes(settings, emotions)
    found = importance(asked, rules, seed=chosen.seed, confidence=chosen.confidence)
    # AUs as they are written run through their range, on the face of nobody known.
    aus = as_matrix(frames.filter(pa.array(rows)), how.columns)
    curves = response(replace(asked, features=aus, predict=lambda aus: network(how.of_nobody(aus))))
    return {
        "importance": found,
        "response": curves,
        "disagreements": disagreements(found, curves),
    }


def prototypes(settings: Params, emotions: list[str]) -> Rules:
    """Give the rule of each emotion that has one, by its own name or by what people call it."""
    rules = settings.label.weights
    called = {folded(word): rule for rule, word in settings.evaluate.human_names.items()}
    named = {emotion: called.get(folded(emotion), emotion) for emotion in emotions}
    return {emotion: rules[name] for emotion, name in named.items() if name in rules}


def _audit(
    settings: Params, rule: pd.DataFrame, words: NDArray[np.str_]
) -> dict[str, pd.DataFrame]:
    chosen, named = settings.evaluate, words != ""
    rows = _sample(named, chosen.seed)
    people, groups = _people(rows, words), _groups(settings, rows)
    scored = rule_audit.rule_audit(rule, pd.Series(words).where(named, None))
    bounded, single = (
        rule_audit.bounded_audit(scores, people.human, groups, chosen.confidence)
        for scores in (rule[rows], people.intensities)
    )
    return {
        "audit": rule_audit.with_bounds(scored, bounded),
        "audit_aus": rule_audit.au_audit(single, settings.label.weights, _meant(settings, words)),
    }


def _beside(
    settings: Params,
    rule: pd.DataFrame,
    network: pd.DataFrame,
    words: NDArray[np.str_],
    test: NDArray[np.bool_],
) -> pd.DataFrame:
    """Hold rule and network against what people said of test rows."""
    chosen = settings.evaluate
    rows = _sample(test & (words != ""), chosen.seed)
    human, groups = pd.Series(words[rows]), _groups(settings, rows)
    scores = rule[rows], network[rows]
    meant = _meant(settings, words[rows])
    return compare_with_people(*scores, human, meant, groups, chosen.confidence)


def _meant(settings: Params, words: NDArray[np.str_]) -> dict[str, str]:
    """Give the human category that each rule means, written as the data writes it."""
    return meant_by(settings.label.rules, settings.evaluate.human_names, np.unique(words).tolist())


def _adopt(
    settings: Params, split: NDArray[np.str_], words: NDArray[np.str_]
) -> tuple[pd.DataFrame, str]:
    """Fit rules to training rows and score them on test rows; return the table and the section."""
    chosen, meant = settings.evaluate, _meant(settings, words)
    train, test = (
        _sample((words != "") & (split == name), chosen.seed) for name in ("train", "test")
    )
    fitted = rule_fitting.fit_rules(_people(train, words), meant, chosen.positive_at)
    if not (fitted and test.any()):
        return pd.DataFrame(columns=rule_fitting.ADOPTABLE), rule_fitting.NOTHING
    divisors = settings.chosen.divisors
    current = {e: FittedRule(rule.weights, divisors[e]) for e, rule in settings.label.rules.items()}
    people, groups = _people(test, words), _groups(settings, test)
    table = rule_fitting.compare_rules(people, fitted, current, meant, groups, chosen.confidence)
    valences = {emotion: rule.valence for emotion, rule in settings.label.rules.items()}
    return table, rule_fitting.snippet(current, valences, fitted, table, settings.recipe)


def _sample(chosen: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    """Mark at most `MOST_ROWS` of the chosen rows."""
    marked = np.zeros(len(chosen), dtype=bool)
    marked[draw_rows(chosen, seed, MOST_ROWS)] = True
    return marked


def _groups(settings: Params, rows: NDArray[np.bool_]) -> Groups:
    codes = column_codes(paths.FRAMES, "subject")[0][rows]
    return group(codes, settings.evaluate.resamples, settings.evaluate.seed, GROUPS)


def _people(rows: NDArray[np.bool_], words: NDArray[np.str_]) -> People:
    graded = au_columns(paths.FRAMES, INTENSITIES + ACTIVATIONS)
    intensities = pd.DataFrame(load_rows(paths.FRAMES, rows, graded), columns=graded)
    return People(intensities, words[rows], column_codes(paths.FRAMES, "subject")[0][rows])
