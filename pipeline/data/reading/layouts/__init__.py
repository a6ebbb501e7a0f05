"""One reader a layout: each plans what to read below data.path."""

from collections.abc import Callable

from pipeline.data.reading.layouts import expression, openface, table
from pipeline.data.reading.plan import Plan, Source

PLANNERS: dict[str, Callable[[Source], Plan]] = {
    "expression": expression.plan,
    "openface": openface.plan,
    "pyfeat": openface.plan_pyfeat,
    "table": table.plan,
}
