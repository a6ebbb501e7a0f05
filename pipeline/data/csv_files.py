"""Write tables as CSV and read our own back, so that text stays the text it was.

A category may be called `0`, `01`, `NA`, `True`, `1e5` or `inf`: what holds text is read as text,
whatever it looks like. A spreadsheet takes a cell for a formula that begins with `=`, `+`, `-`,
`@`, tab or carriage return; such text gets an apostrophe in front, which is taken off again here.
(OWASP, "CSV Injection".)
"""

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"(?='*[=+\-@\t\r])")  # text that was masked before is masked once more
_MASKED = re.compile(r"'(?='*[=+\-@\t\r])")


def write_csv(table: "pd.DataFrame", path: Path, *, more: bool = False) -> None:
    """Write a table without its index; formulas in names of columns and in text are masked.

    With `more` its rows follow those that stand in the file.
    """
    masked = table.rename(columns=mask).apply(_masked_text)
    text = masked.select_dtypes(exclude="number")
    quoting = _quoting([*masked.columns, *text.to_numpy(dtype=object).flat])
    mode: Any = "a" if more else "w"
    masked.to_csv(
        path, index=False, lineterminator="\n", quoting=quoting, mode=mode, header=not more
    )


def write_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write mappings that share their keys as `write_csv` writes a table."""
    masked = [{mask(name): mask(value) for name, value in row.items()} for row in rows]
    quoting = _quoting(value for row in masked for item in row.items() for value in item)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, masked[0].keys(), lineterminator="\n", quoting=quoting)
        writer.writeheader()
        writer.writerows(masked)


def read_csv(path: Path, text: Collection[str]) -> "pd.DataFrame":
    """Read what was written here; the columns in `text` hold text, in others empty is NaN."""
    import pandas as pd

    header = pd.read_csv(path, nrows=0, dtype=str).columns
    kept = {name: str for name in header if unmask(name) in text}
    empty = {name: [""] for name in header if name not in kept}
    table = pd.read_csv(path, dtype=kept, keep_default_na=False, na_values=empty)
    for name in kept:
        table[name] = table[name].map(unmask)
    return table.rename(columns=unmask)


def mask(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would compute; leave all else."""
    return _FORMULA.sub("'", value, count=1) if _is(value, _FORMULA) else value


def unmask(value: Any) -> Any:
    """Take the apostrophe of `mask` off."""
    return value[1:] if _is(value, _MASKED) else value


def _is(value: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _masked_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column if column.dtype.kind in "biuf" else column.map(mask)


def _quoting(values: Iterable[Any]) -> Any:
    """Quote all text where some holds a carriage return, which Python's writer leaves bare."""
    bare = any(isinstance(value, str) and "\r" in value for value in values)
    return csv.QUOTE_NONNUMERIC if bare else csv.QUOTE_MINIMAL
