"""Read YAML as DVC does: version 1.2, where `1e-05` is a number and `no` is a word.

A key is the text that stands there (`01` is not `1`), and so is a date. Whatever a parser may
stumble over is one line with the place: a key twice, a day that no month has, nesting without end,
aliases that stand for more than fits into memory.
"""

from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

MOST = 100_000  # values, with each alias written out
_TAG = "tag:yaml.org,2002:"


class BadYamlError(Exception):
    """What is wrong, behind the line where it stands."""


class _Constructor(SafeConstructor):
    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Take keys as the text that they are written in."""
        for key, _ in node.value if isinstance(node, MappingNode) else []:
            if not isinstance(key, ScalarNode):
                raise BadYamlError(f"{_line(key)}: a key is a word, and no list or mapping")
            if key.tag != f"{_TAG}merge":
                key.tag = f"{_TAG}str"
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_timestamp(self, node: Any, _values: Any = None) -> str:
        """Take a date as text, if there is such a day."""
        try:
            date.fromisoformat(node.value[:10])
        except ValueError as error:
            told = f"{_line(node)}: {node.value} is no date ({error})"
            raise BadYamlError(f"{told}. Put it in quotes if it is text") from None
        return str(node.value)


_Constructor.add_constructor(f"{_TAG}timestamp", _Constructor.construct_yaml_timestamp)


def parse(text: str) -> Any:
    """Parse one YAML document into dicts with text as keys, lists and scalars.

    Raises `BadYamlError`.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    try:
        tree = yaml.load(text)
        _count(tree, {})
    except DuplicateKeyError as error:
        first, again = error.context_mark, error.problem_mark
        key = error.problem.split('"')[1]
        told = f"{key} stands twice in what begins in line {first.line + 1}. Remove one"
        raise BadYamlError(f"line {again.line + 1}: {told}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise BadYamlError(f"{place}{error.problem or error.context}") from None
    except YAMLError as error:
        raise BadYamlError(" ".join(str(error).split())) from None
    except RecursionError:
        raise BadYamlError("lists and mappings stand in one another too deeply") from None
    return tree


def _line(node: Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _count(value: Any, known: dict[int, int]) -> int:
    """Count the values below one, those behind an alias as often as it stands; aliases are shared.

    Raises `BadYamlError` where they are too many or a value holds itself.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = MOST + 1  # while it is open: whoever meets it again is inside it
        inside = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(one, known) for one in inside)
    if known[id(value)] > MOST:
        raise BadYamlError(
            f"aliases (*name) stand for more than {MOST} values, or for themselves. Write the "
            "values out"
        )
    return known[id(value)]
