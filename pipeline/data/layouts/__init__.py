"""One reader a layout: each plans what to read below data.path."""

from collections.abc import Callable
from pathlib import Path

from pipeline.data.clips import Naming
from pipeline.data.layouts import expression, openface, table
from pipeline.data.plan import Plan

PLANNERS: dict[str, Callable[[Path, Naming], Plan]] = {
    "expression": expression.plan,
    "openface": openface.plan,
    "table": table.plan,
}
