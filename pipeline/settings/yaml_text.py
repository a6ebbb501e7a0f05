"""Read YAML as DVC does: version 1.2, where `1e-05` is a number and `no` is a word.

A key is the text that stands there (`01` is not `1`), and so is a date. Whatever a parser may
stumble over is one line with the place: a key twice, a day that no month has, nesting without end,
aliases that stand for more than fits into memory.
"""

from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MOST = 100_000  # values, with each alias written out
_TAG = "tag:yaml.org,2002:"


class BadYamlError(Exception):
    """What is wrong, behind the line where it stands."""


class _Constructor(SafeConstructor):
    def construct_document(self, node: Any) -> Any:
        """Look at the whole document before anything is made of it."""
        _check(node, {})
        return super().construct_document(node)

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
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise BadYamlError(f"{place}{error.problem or error.context}") from None
    except YAMLError as error:
        raise BadYamlError(" ".join(str(error).split())) from None
    except RecursionError:
        raise BadYamlError("lists and mappings stand in one another too deeply") from None


def _check(node: Node, known: dict[int, int]) -> int:
    """Count the values below a node, those behind an alias as often as it stands; they are shared.

    Raises `BadYamlError` where they are too many, where one holds itself, and on a bad key.
    """
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MOST + 1  # while it is open: whoever meets it again is inside it
    inside: list[Node] = []
    if isinstance(node, MappingNode):
        _check_keys(node)
        inside = [value for _, value in node.value]
    elif isinstance(node, SequenceNode):
        inside = node.value
    known[id(node)] = 1 + sum(_check(one, known) for one in inside)
    if known[id(node)] > MOST:
        raise BadYamlError(
            f"{_line(node)}: aliases (*name) stand for more than {MOST} values, or for themselves. "
            "Write the values out"
        )
    return known[id(node)]


def _check_keys(node: MappingNode) -> None:
    """Have keys taken as the text that they are written in; refuse one that stands twice."""
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            raise BadYamlError(f"{_line(key)}: a key is a word, and no list or mapping")
        if key.tag == f"{_TAG}merge":
            continue
        if key.value in seen:
            told = f"{key.value} stands twice in what begins in {_line(node)}. Remove one"
            raise BadYamlError(f"{_line(key)}: {told}")
        seen.add(key.value)
        key.tag = f"{_TAG}str"


def _line(node: Node) -> str:
    return f"line {node.start_mark.line + 1}"
