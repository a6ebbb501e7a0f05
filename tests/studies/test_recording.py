"""A variant, a model and a claim may have any name: its metric is recorded all the same."""

import re

from studies.recording import safe_keys


def test_any_name_gives_a_key_that_a_store_takes_and_none_is_lost():
    names = [
        "plain/network",
        "noise+dropout/network",
        "noise-dropout/network",
        "don't/100 %",
        "a//b",
    ]
    found = safe_keys({name: float(i) for i, name in enumerate(names)})
    assert list(found.values()) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert found["plain/network"] == 0.0
    assert found["noise-dropout/network"] == 2.0
    for key in found:
        assert re.fullmatch(r"[\w\-. /]+", key)
        assert all(key.split("/"))
