"""Shape data warnings: a code to filter by, a number, and what to do."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def warning(code: str, number: float, message: str) -> dict[str, Any]:
    """Shape a warning as it stands in the stages' summaries."""
    return {"code": code, "number": number, "message": message}


def read_warnings(*summaries: Path) -> list[dict[str, Any]]:
    """Gather the warnings that the stages left in their summaries."""
    return [found for path in summaries for found in json.loads(path.read_text())["warnings"]]


def count_codes(warnings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count warnings by code, in the order of the codes."""
    return dict(sorted(Counter(found["code"] for found in warnings).items()))


def some(names: Sequence[str], most: int = 10) -> str:
    """List the first names."""
    return f"{', '.join(names[:most])}{' ...' if len(names) > most else ''}"
