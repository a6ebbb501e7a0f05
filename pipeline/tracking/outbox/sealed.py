"""Write JSON that holds its own checksum: what is read is what was written, or an error."""

import hashlib
import json
from typing import Any

SUM = "sum"


def seal(content: dict[str, Any]) -> str:
    """Write content, whose keys are texts, as a line of JSON with its checksum."""
    return json.dumps(content | {SUM: _checksum(content)})


def unseal(text: bytes) -> dict[str, Any]:
    """Read what `seal` wrote; raises ValueError where it is anything else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("this is not JSON") from None
    if not isinstance(content, dict) or content.pop(SUM, None) != _checksum(content):
        raise ValueError("its checksum does not match")
    return content


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
