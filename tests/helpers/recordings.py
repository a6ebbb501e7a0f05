"""Write small folders of recordings, sound ones and broken ones."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

COLUMNS = ["frame", "success", "confidence", "AU06_r", "AU12_r", "AU06_c"]
ROWS = [[1, 1, 0.9, 0.5, 1.5, 0], [2, 1, 0.9, 0.0, 2.5, 1], [3, 1, 0.9, 5.0, 0.0, 1]]
IMAGES = ["AU06_r", "AU12_r"]


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[object]], between: str = ",") -> str:
    """Write a header and rows as CSV."""
    lines = [between.join(columns), *(between.join(map(str, row)) for row in rows)]
    return "\n".join([*lines, ""])


GOOD = csv_text(COLUMNS, ROWS)


def changed(row: int, column: str, value: object) -> str:
    """Write the sound rows with one cell changed; rows count from 1."""
    rows: list[list[object]] = [list(line) for line in ROWS]
    rows[row - 1][COLUMNS.index(column)] = value
    return csv_text(COLUMNS, rows)


def openface_folder(folder: Path, files: Mapping[str, str | bytes], sound: int = 4) -> Path:
    """Write sound clips of subjects A, B, C ... and beside them the given files."""
    folder.mkdir(parents=True, exist_ok=True)
    for subject in "ABCDEF"[:sound]:
        (folder / f"{subject}_1.csv").write_text(GOOD)
    return add(folder, files)


def expression_folder(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write sound pairs of subjects A to D, and beside them the given files."""
    for subject in "ABCD":
        name = f"{subject}_CT_P"
        add(folder, pair(name))
    return add(folder, files)


def pair(name: str, images: tuple[str, ...] = ("c1.jpg", "c2.jpg")) -> dict[str, str]:
    """Write the two files of one clip."""
    aus = csv_text(["Image", *IMAGES], [[f"{name}_{image}", 0.5, 1.5] for image in images])
    valences = csv_text(["Image", "Valences"], [[f"{name}_{image}", 0.25] for image in images])
    return {f"AUs/{name}_aus.csv": aus, f"Valences/{name}_valences.csv": valences}


def add(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def account_of(workspace: Path) -> dict[str, Any]:
    """Read prepare's account, and hold it to the rows that it really wrote."""
    outputs = workspace / "outputs/prepare"
    account: dict[str, Any] = json.loads((outputs / "prepare.json").read_text())
    kept = pq.read_table(outputs / "frames.parquet").num_rows
    aside = pq.read_table(outputs / "quarantine.parquet").to_pylist()
    assert account["rows_kept"] == kept
    assert account["rows_quarantined"] == sum(reject["rows"] for reject in aside)
    assert account["rows_read"] == account["rows_kept"] + account["rows_quarantined"]
    return account | {"aside": aside}
