"""A training of a second, in the place of the pipeline's stages: least squares on small tables.

Reads `data/recordings/<subject>.csv` (AU intensities, then labels `happiness` and `sadness`);
people whose name begins with T are the test split. With `features.columns: presences` it sees only
whether an action unit is there. It records its run in a journal alone, as a stage does whose
server is away.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from candidates import EMOTIONS, EXPERIMENT, log_candidate

from pipeline.tracking.outbox.journal import Journal, new_key
from pipeline.tracking.run import Run
from pipeline.tracking.store.connection import journals_folder

AUS = [f"AU{au:02d}_r" for au in (1, 2, 4, 5, 6, 7, 12, 15)]
OUT = Path("outputs/train")


def features(table: pd.DataFrame, kind: str) -> np.ndarray:
    """Lay the AUs out as columns beside a 1."""
    values = table[AUS].to_numpy()
    values = (values > 0).astype(float) if kind == "presences" else values
    return np.hstack([np.ones((len(table), 1)), values])


def load() -> pd.DataFrame:
    """Read all people, a row a frame."""
    parts = [
        pd.read_csv(path).assign(subject=path.stem, frame=lambda part: range(len(part)))
        for path in sorted(Path("data/recordings").iterdir())
    ]
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    kind = yaml.safe_load(Path("params.yaml").read_text())["features"]["columns"]
    table = load()
    test = table["subject"].str.startswith("T")
    rows, labels = features(table, kind), table[list(EMOTIONS)].to_numpy()
    weights = np.linalg.lstsq(rows[~test], labels[~test], rcond=None)[0]
    predicted = np.clip(rows[test] @ weights, 0, 1).astype(np.float32)
    keys = pa.table({name: table["subject"][test].to_numpy() for name in ("subject", "clip")})
    keys = keys.append_column("frame", pa.array(table["frame"][test].to_numpy()))
    OUT.mkdir(parents=True, exist_ok=True)
    journal = Journal.create(journals_folder(), new_key())
    journal.append("begin", experiment=EXPERIMENT, name="light", tags={}, maker=None, params={})
    log_candidate(
        Run(journal, lambda: None),
        journal.folder,
        predicted,
        people=sorted(set(table["subject"][test])),
        true=labels[test].astype(np.float32),
        table=keys,
        trained_on=sorted(set(table["subject"][~test])),
        features=AUS,
    )
    journal.append("end", status="FINISHED", error=None)
    journal.release()
    (OUT / "run.json").write_text(json.dumps({"run": journal.key}) + "\n")


if __name__ == "__main__":
    main()
