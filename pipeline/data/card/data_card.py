"""Put together what a person should know of the data before a model is trained on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.data.card.counting.histogram import STEPS
from pipeline.data.card.label_distribution import Distribution
from pipeline.data.labels import facs_rules
from pipeline.data.warnings import warning


def data_card(
    account: Mapping[str, Any],
    activity: Mapping[str, Any],
    labels: Distribution,
    warnings: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Lay the card out from prepare's account and AU activity and from the labels.

    `splits`: subjects, clips and frames by split; `aus` and `au_drift`: the rows of
    `Activity.rows` and of `SubjectMeans.drift`; `labels`: those of `Distribution.rows`, with
    `share_above_0_1` and `share_at_least_0_5`; `label_drift`; `correlations`; `warnings` of all
    stages; `notes`.
    """
    return {
        "splits": account["splits"],
        "aus": activity["aus"],
        "au_drift": activity["drift"],
        "labels": [_with_shares(row) for row in labels.rows()],
        "label_drift": labels.drift(),
        "correlations": labels.correlations(),
        "warnings": [*account["warnings"], *warnings],
        "notes": [
            f"Quantiles are told to 1/{2 * STEPS} of a column's range.",
            "A drift is in standard deviations between people; where few people stand in a split "
            "large ones come by chance: `chance` says how large.",
        ],
    }


def _with_shares(row: dict[str, Any]) -> dict[str, Any]:
    frames = max(row["frames"], 1)
    shares = {f"share_{name}": row[name] / frames for name in ("above_0_1", "at_least_0_5")}
    return row | {name: round(share, 6) for name, share in shares.items()}


def dead_rules(
    rules: facs_rules.Rules, overall: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Warn of each rule of which an AU never moves; `overall` is `Activity.overall`."""
    still = {name for name, found in overall.items() if found["lowest"] == found["highest"]}
    name = facs_rules.namer(overall)
    found = []
    for emotion, weights in rules.items():
        dead = [au for au in weights if name(au) in still]
        if dead:
            share = sum(weights[au] for au in dead) / sum(weights.values())
            alive = [name(au) for au in weights if au not in dead]
            rest = f"it rests on {', '.join(alive)} alone" if alive else "its label never varies"
            text = (
                f"{emotion}: {', '.join(map(name, dead))} of its rule never move, {share:.0%} "
                f"of its weight: {rest}, and no model can learn more. Change label.rules or the "
                "data."
            )
            found.append(warning("dead_rule_au", round(share, 4), text))
    return found
