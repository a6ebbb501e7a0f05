"""Test splits of known quality for every test of the room."""

from worlds import judged, scored, world  # noqa: F401
