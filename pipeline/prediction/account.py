"""Say what a prediction used, what it set aside, and what speaks against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.drift.shift_test import DriftBounds
from pipeline.prediction.doubts import drift_line
from pipeline.prediction.predicting import Predicted
from pipeline.prediction.stored_model import UNTUNED, StoredModel

COUNTED = (
    *("files", "files_quarantined", "rows_read", "rows_kept", "rows_quarantined"),
    *("quarantined_by_reason", "notes", "warnings"),
)


@dataclass(frozen=True)
class Told:
    """What is said beside predictions of `data`; `account` is as `ingest.write_frames` gives it."""

    data: str
    model: StoredModel
    account: Mapping[str, Any]
    drift: str

    @property
    def warnings(self) -> list[str]:
        """What speaks against the predictions, beside drift."""
        found = [f"{item['code']}: {item['message']}" for item in self.account["warnings"]]
        if not self.model.thresholds:
            found.append(f"untuned: the model has no thresholds; {UNTUNED} stands for all.")
        return found

    def lines(self) -> list[str]:
        """Say it in a terminal."""
        account = self.account
        return [
            f"{account['rows_read']:,} rows read = {account['rows_kept']:,} kept + "
            f"{account['rows_quarantined']:,} quarantined",
            *(f"  {rows:,} {why}" for why, rows in account["quarantined_by_reason"].items()),
            *(f"note: {note}" for note in account["notes"]),
            *(f"warning {text}" for text in self.warnings),
            self.drift,
        ]

    def content(self) -> dict[str, Any]:
        """Lay it out for JSON."""
        bounds = zip(self.model.emotions, self.model.bounds.tolist(), strict=True)
        return {
            "data": self.data,
            "model": self.model.name,
            "extractor": self.model.extractor,
            "features": list(self.model.features.columns),
            "calibrated": self.model.features.population is not None,
            "thresholds": dict(bounds),
            **{name: self.account[name] for name in COUNTED},
            "drift": self.drift,
        }


def tell(
    data: str, model: StoredModel, account: Mapping[str, Any], found: Predicted, bounds: DriftBounds
) -> Told:
    """Gather what is to be said."""
    warned = {**account, "warnings": [*account["warnings"], *found.warnings]}
    return Told(data, model, warned, drift_line(model, found.profile, bounds))
