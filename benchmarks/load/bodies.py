"""Make bodies for a service: sound ones, and malformed ones of every kind."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

CSV, JSON, PARQUET = "text/csv", "application/json", "application/vnd.apache.parquet"
STRICT = {"strict": True}
Random = np.random.Generator
Rows = list[list[Any]]


class Body(NamedTuple):
    """What is sent to /invocations; `headers` has its kind, or lacks one."""

    what: str
    content: bytes
    headers: dict[str, str]


def make(what: str, content: str | bytes, kind: str) -> Body:
    """Make a body of a kind, without the header where the kind is empty."""
    data = content.encode() if isinstance(content, str) else content
    return Body(what, data, {"Content-Type": kind} if kind else {})


def as_json(columns: Sequence[Any], rows: Any, **more: Any) -> str:
    """Write rows as MLflow wants them."""
    return json.dumps({"dataframe_split": {"columns": columns, "data": rows}, **more})


def as_csv(columns: Sequence[str], rows: Rows) -> str:
    """Write rows with a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


class Malformed:
    """Bodies that no service can take, each kind with another fault each time."""

    def __init__(self, columns: Sequence[str], rows: Rows, most_bytes: int) -> None:
        self.columns, self.rows, self.most_bytes = list(columns), rows, most_bytes

    def draw(self, number: int, seed: int = 1) -> list[Body]:
        """Draw so many, all kinds in turn."""
        random = np.random.default_rng(seed)
        kinds = self.kinds()
        return [kinds[i % len(kinds)](random) for i in range(number)]

    def kinds(self) -> list[Callable[[Random], Body]]:
        """List what makes each kind."""
        return [getattr(self, name) for name in dir(self) if name.startswith("with_")]

    def with_json_cut(self, random: Random) -> Body:
        text = as_json(self.columns, self.rows)
        return make("JSON, cut", text[: random.integers(1, len(text) - 1)], JSON)

    def with_json_of_another_shape(self, random: Random) -> Body:
        made = random.choice(["[]", "[[1, 2]]", "3", '"AU06_r"', "null", "true", "{}", '{"a": 1}'])
        return make("JSON of another shape", str(made), JSON)

    def with_two_formats(self, _random: Random) -> Body:
        text = as_json(self.columns, self.rows, inputs=[[1]])
        return make("JSON with two formats", text, JSON)

    def with_wrong_types(self, random: Random) -> Body:
        wrong: list[Any] = [3, "x", None, [1], {"a": 1}, [[[]]], True, [None]]
        part = wrong[random.integers(len(wrong))]
        other = [(part, self.rows), (self.columns, part), (part, part)][random.integers(3)]
        return make("JSON with wrong types", as_json(*other), JSON)

    def with_records_of_wrong_types(self, random: Random) -> Body:
        wrong: list[Any] = [3, "x", None, [1], {"a": 1}, [[1]], [{"a": {"b": 1}}], {"AU06_r": None}]
        part = wrong[random.integers(len(wrong))]
        name = str(random.choice(["dataframe_records", "inputs", "instances"]))
        return make(f"{name} of wrong types", json.dumps({name: part}), JSON)

    def with_ragged_rows(self, random: Random) -> Body:
        rows = [row[: random.integers(1, len(row))] for row in self.rows]
        return make("JSON with short rows", as_json(self.columns, rows), JSON)

    def with_columns_missing(self, random: Random) -> Body:
        keep = sorted(random.choice(len(self.columns), random.integers(1, 5), replace=False))
        names = [self.columns[i] for i in keep]
        rows = [[row[i] for i in keep] for row in self.rows]
        if random.random() < 0.5:
            return make("CSV, columns missing", as_csv(names, rows), CSV)
        return make("JSON, columns missing", as_json(names, rows), JSON)

    def with_a_column_renamed(self, random: Random) -> Body:
        names = list(self.columns)
        names[random.integers(len(names))] = str(random.choice(["AU99_r", "", "au06_r", "\u2603"]))
        return make("CSV, a column renamed", as_csv(names, self.rows), CSV)

    def with_a_column_twice(self, random: Random) -> Body:
        i = random.integers(len(self.columns))
        names = [*self.columns, f" {self.columns[i]} "]
        return make("CSV, a column twice", as_csv(names, [[*row, 1] for row in self.rows]), CSV)

    def with_columns_of_openface_3(self, _random: Random) -> Body:
        rows = [[*row, 1] for row in self.rows]
        return make("OpenFace 3", as_json([*self.columns, "AU08_r"], rows), JSON)

    def with_a_value_out_of_range(self, random: Random) -> Body:
        values = [float("nan"), float("inf"), -1, 1e300, 10**400, 5.01, "x", None, [1], {"a": 1}]
        rows = [list(row) for row in self.rows]
        row, column = random.integers([len(rows), len(self.columns)])
        rows[row][column] = values[random.integers(len(values))]
        text = as_json(self.columns, rows, params=STRICT)
        return make("a value out of range, strict", text, JSON)

    def with_another_unit(self, _random: Random) -> Body:
        rows = [[0.5] * len(self.columns)] * 100
        return make("values of 0-1", as_csv(self.columns, rows), CSV)

    def with_params_of_wrong_types(self, random: Random) -> Body:
        wrong: list[Any] = [{"decisions": "maybe"}, {"strict": [1]}, {"same_units": 1.5}]
        params = wrong[random.integers(len(wrong))]
        return make("params of wrong types", as_json(self.columns, self.rows, params=params), JSON)

    def with_nothing(self, random: Random) -> Body:
        kind = str(random.choice([CSV, JSON, PARQUET]))
        return make(f"no byte as {kind}", str(random.choice(["", "\n", "  "])), kind)

    def with_binary(self, random: Random) -> Body:
        kind = str(random.choice([CSV, JSON, PARQUET]))
        return make(f"binary as {kind}", b"\xff" + random.bytes(int(random.integers(5000))), kind)

    def with_a_quote_left_open(self, random: Random) -> Body:
        text = as_csv(self.columns, self.rows)
        place = int(random.integers(text.index("\n")))  # further on it costs one cell alone
        return make("CSV, a quote left open", f'{text[:place]}"\n"{text[place:]}"', CSV)

    def with_a_longer_row(self, random: Random) -> Body:
        text = as_csv(self.columns, self.rows).removesuffix("\n")
        return make("CSV, a row too long", text + ",1" * int(random.integers(1, 9)), CSV)

    def with_prose(self, random: Random) -> Body:
        text = str(random.choice(["hello", "<html><body>hi</body></html>", "a,b\n1,2\n", ",,,\n"]))
        return make("prose as CSV", text, CSV)

    def with_deep_nesting(self, random: Random) -> Body:
        depth = int(random.choice([200, 2_000, 100_000]))
        deep = "[" * depth + "]" * depth
        if random.random() < 0.5:
            return make("deep nesting", deep, JSON)
        split = f'{{"columns": {json.dumps(self.columns)}, "data": {deep}}}'
        return make("deep nesting of data", f'{{"dataframe_split": {split}}}', JSON)

    def with_another_kind(self, random: Random) -> Body:
        text = as_csv(self.columns, self.rows)
        other = ["", "text/html", "multipart/form-data", f"{CSV}; charset=latin-1", "x", ";", "*/*"]
        return make("another Content-Type", text, str(random.choice(other)))

    def with_too_many_bytes(self, _random: Random) -> Body:
        return make("too many bytes", b"1" * (self.most_bytes + 1), CSV)
