"""Say what a model is, what it is for and what it is not for, under the headings of a model card.

The headings are those of Mitchell et al., Model Cards for Model Reporting (FAT* 2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.evaluation.certainty import PRIMARY
from pipeline.evaluation.scoring.metric_names import label_of
from pipeline.evaluation.unlearnable import Limit
from pipeline.report.pages.document import Block, Code, Items, Section, Table

# Where labels come from: people, or by which gate a rule's.
LABELS = {
    "human": "people, one category a clip or frame",
    "clip": "a labelling rule (mean of action units over a divisor, where the clip's valence fits)",
    "frame": "a labelling rule (mean of action units over a divisor, times the frame's valence)",
    "none": "a labelling rule (mean of action units over a divisor, whatever the valence)",
}
HOW_TO = (
    "python -m pipeline reproduce RUN_ID   # anew, from the run's own code, data and parameters"
)


@dataclass(frozen=True)
class Facts:
    """What a report knows of the model beside its scores.

    `splits` has `subjects`, `clips` and `frames` of each split; `hashes` the md5 of what was read
    by path; `params` every recorded parameter; `run` what names the run, where that is known;
    `start` what was taken over from the model that training started from, where there was one.
    """

    recipe: str
    extractor: str
    features: Sequence[str]
    emotions: Sequence[str]
    best_epoch: int
    label_source: str
    splits: Mapping[str, Mapping[str, int]]
    hashes: Mapping[str, str]
    params: Mapping[str, object]
    run: Mapping[str, str] = field(default_factory=dict)
    start: Mapping[str, Any] | None = None


def model_card(facts: Facts, limits: Sequence[Limit], warnings: int) -> list[Section]:
    """Return the sections; `warnings` counts the data warnings of another section."""
    parts: dict[str, list[Block]] = {
        "Model details": _details(facts),
        "Intended use": _use(facts),
        "Factors": [_FACTORS],
        "Metrics": [_metrics(facts)],
        "Evaluation data": [_split("test", facts)],
        "Training data": _training(facts),
        "Quantitative analyses": [_ANALYSES],
        "Ethical considerations": [_ETHICS],
        "Caveats and recommendations": _caveats(facts, limits, warnings),
    }
    inner = [Section(title, blocks, inner=True) for title, blocks in parts.items()]
    return [Section("Model card", [_ABOUT]), *inner]


def provenance(facts: Facts) -> list[Section]:
    """Return where the model comes from and how to make it again."""
    read = Table("Read by this evaluation", ["file", "md5"], list(facts.hashes.items()))
    run = Table("The run", ["what", "value"], list(facts.run.items()))
    unnamed = (
        "The run is named in `outputs/train/run.json` (its key is the tag `pipeline.run` on "
        "MLflow), and in the copy of this page among the run's artifacts."
    )
    params = Table("As recorded", ["key", "value"], [[k, str(v)] for k, v in facts.params.items()])
    where = "To make it again (`RUN_ID` stands on the run's page on MLflow):"
    return [
        Section("Provenance", [run if facts.run else unnamed, read, where, Code(HOW_TO)]),
        Section("Parameters", [params] if facts.params else []),
    ]


def _details(facts: Facts) -> list[Block]:
    return [
        Items(
            [
                "A feed-forward network that gives each emotion a probability of its own, "
                "for one frame (or the mean of a clip) at a time. "
                f"Recipe `{facts.recipe}`; weights of epoch {facts.best_epoch}, which had the "
                f"lowest {'validation loss' if _alone(facts) else _LEFT_OUT}.",
                f"Emotions: {', '.join(facts.emotions)}.",
                f"Takes raw values of {len(facts.features)} columns ({facts.extractor}): "
                f"{', '.join(facts.features)}. Scaling is part of the model.",
            ]
        )
    ]


def _alone(facts: Facts) -> bool:
    """Whether it is one network: of several each asks those whom it left out when to stop."""
    return facts.params.get("train.members", 1) == 1


def _training(facts: Facts) -> list[Block]:
    own: list[Block] = [_split("train", facts), _split("val", facts), _labels(facts)]
    if not (start := facts.start):
        return own
    parts = []
    for kind in ("action_units", "emotions"):
        taken, new = start[kind]["taken"], start[kind]["new"]
        name = kind.replace("_", " ")
        parts.append(f"{name} taken over: {', '.join(taken)}; new: {', '.join(new) or 'none'}")
    hashes = ", ".join(f"{name} {md5}" for name, md5 in start["md5"].items())
    return [
        Items([f"Training started from the model in {start['folder']}.", *parts, f"md5: {hashes}"]),
        *own,
    ]


def _use(facts: Facts) -> list[Block]:
    return [
        Items(
            [
                "Meant for research on groups of recordings like those it was trained on, by "
                f"people who know their recordings: {facts.extractor}, same camera setting, same "
                "mode (video or single images).",
                "Not meant for decisions about a person, nor for telling what somebody feels: it "
                "reads facial movement. In the European Union, inferring emotions at work and in "
                "education is prohibited but for medical and safety reasons (Regulation (EU) "
                "2024/1689, Article 5(1)(f)).",
                "Not for other extractors or levels of action units without a test there: "
                "accuracy within one set of recordings does not carry over to another.",
            ]
        )
    ]


_ABOUT = "Headings as in Mitchell et al., Model Cards for Model Reporting (2019)."
_LEFT_OUT = "loss on the training people whom each of its members left out"
_ANALYSES = (
    "All above: scores over all emotions and for each one, beside baselines; from person to person "
    "where there are several."
)
_FACTORS = (
    "Scores are given per emotion and per subject. Age, sex, skin colour, glasses, light and "
    "camera are not in the data, so nothing is known of how scores differ between such groups. The "
    "program that finds the action units has differences of its own."
)
_METRICS = (
    "Average precision needs no threshold and does not flatter rare emotions. AUROC tells ranking "
    "whatever the prevalence, F1, precision and recall the work at a threshold, which is chosen on "
    "validation rows.",
    "Brier score and calibration error tell whether probabilities can be taken at their word.",
    "Intervals come from drawing subjects, not frames, anew: frames of one person are alike.",
)
_ETHICS = (
    "An expression is not a feeling: people smile when they are not happy, and cultures differ in "
    "what they show. A label made by a rule is a convention about muscles; one made by people is "
    "their reading of a face. Recordings of faces are personal data; get consent for this use, and "
    "do not run the model on people who have not given it."
)


def _metrics(facts: Facts) -> Items:
    chosen = label_of(str(facts.params.get("evaluate.primary", PRIMARY)))
    first, *others = _METRICS
    return Items([f"Models are compared by {chosen} first. {first}", *others])


def _split(split: str, facts: Facts) -> str:
    role = {
        "test": "Test: scored once, never learned from",
        "train": "Training",
        "val": f"Validation: chooses {'the epoch and ' if _alone(facts) else ''}the thresholds",
    }
    found = facts.splits[split]
    return (
        f"{role[split]}. {found['frames']:,} frames of {found['clips']:,} clips of "
        f"{found['subjects']:,} subjects."
    )


def _labels(facts: Facts) -> str:
    gate = str(facts.params.get("label.gate", "clip"))
    return f"Labels in all splits come from {LABELS.get(facts.label_source, LABELS[gate])}."


def _caveats(facts: Facts, limits: Sequence[Limit], warnings: int) -> list[Block]:
    lines = [limit.line for limit in limits]
    if warnings:
        lines.append(f"Heed the data warnings above ({warnings}).")
    if facts.label_source == "facs":
        lines.append(
            "The labels are the rule's. Before believing rule or network, see how both stand to "
            "people's judgement, as this report does where the data has a column `emotion`."
        )
    lines.append(
        "One split of few people: run the pipeline with other values of prepare.split.seed."
    )
    return [Items(lines)]
