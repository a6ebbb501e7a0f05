"""Test splits of known quality to draw and describe."""

from worlds import judged, scored, world  # noqa: F401
