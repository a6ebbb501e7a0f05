"""People name categories as they like: the run ends, with every number under a safe name."""

import json

import pandas as pd
from end_to_end.test_repro import runs_of
from throwaway import commit, set_params

from pipeline.data.csv_files import read_csv

ORDINARY = ["0", "01", "True", "1e5", "don't know", "joy & pride", "joy + pride"]
NAMES = [*ORDINARY, "$\\x{$", "..", "=1+1"]


def test_any_names_come_through_to_the_run(clone, repro):
    folder = clone / "data/own"
    folder.mkdir(parents=True)
    rows = []
    for person in range(8):
        for number, name in enumerate(NAMES):
            clip = f"p{person}_{number}"
            level = 1 + (number + person) % 4
            frames = {f"AU{au:02d}_r": [level, 0.5, 1.5] for au in (1, 4, 6, 12, 15)}
            index = {"frame": [1, 2, 3], "confidence": 1, "success": 1}
            pd.DataFrame(index | frames).to_csv(folder / f"{clip}.csv", index=False)
            rows.append((clip, f"p{person}", name))
    table = pd.DataFrame(rows, columns=["clip", "subject", "emotion"])
    table.to_csv(folder / "labels.csv", index=False)
    source = {"data.path": "data/own", "data.layout": "openface", "data.naming": "subject_first"}
    set_params(clone, {**source, "label.source": "human", "label.gate": "none"})
    commit(clone, "names")
    assert repro()[-1] == "evaluate"
    (found,) = runs_of(clone)
    assert found["status"] == "FINISHED"
    scored = [name for name in found["metrics"] if name.startswith("test/f1/")]
    assert len(scored) == len(NAMES)
    assert {"test/f1/0", "test/f1/01", "test/f1/True", "test/f1/1e5", "test/f1/__"} < set(scored)
    distribution = read_csv(clone / "outputs/label/label_distribution.csv", text=["emotion"])
    made = json.loads((clone / "outputs/train/run.json").read_text())
    assert sorted(set(distribution["emotion"])) == sorted(made["emotions"]) == sorted(NAMES)
