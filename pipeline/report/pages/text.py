"""Write a page as text: as Markdown, where figures are links to files beside it, or for a terminal.

A table is laid out in one place for both.
"""

import re
import textwrap
from collections.abc import Callable, Sequence

from tabulate import tabulate

from pipeline.report.pages.document import (
    Block,
    Code,
    Items,
    Link,
    Page,
    Picture,
    Section,
    Table,
    cell,
    words,
)

_HEAD = 16  # letters of a column's head in a terminal, before it goes on in a second line
_SPACE = re.compile(r"\s")  # a line feed or a tab would break a row


def to_markdown(page: Page) -> str:
    """Return the text, with a line feed at its end."""
    about = [_link(one) if isinstance(one, Link) else _inline(one) for one in page.about]
    parts = [f"# {page.title}", *about, _list(page.lead)]
    for section in page.sections:
        if section.blocks:
            parts += _section(section)
    return "\n\n".join(filter(None, parts)) + "\n"


def to_text(page: Page) -> str:
    """Return the text without figures and links; what stands between backticks keeps them."""
    blocks = [block for section in page.sections for block in section.blocks]
    about = [one for one in page.about if isinstance(one, str)]
    head = "\n".join(filter(None, [page.title, *about, _list(page.lead)]))
    return "\n\n".join(filter(None, [head, *map(_plain, blocks)]))


def _section(section: Section) -> list[str]:
    blocks = [_block(block) for block in section.blocks]
    if section.folded:
        return [f"<details><summary>{section.title}</summary>", *blocks, "</details>"]
    return [f"{'###' if section.inner else '##'} {section.title}", *blocks]


def _block(block: Block) -> str:
    match block:
        case Items(lines):
            return _list(lines)
        case Code(text):
            return f"```\n{text}\n```"
        case Picture(_, caption, _, file):
            return f"![{_inline(caption)}]({file})"
        case Table():
            table = _grid(block, "pipe", lambda text: _inline(text).replace("|", "\\|"))
            return f"{block.caption}:\n\n{table}"
        case _:
            return _inline(block)


def _plain(block: Block) -> str:
    match block:
        case Items(lines):
            return _list(lines)
        case Code(text):
            return text
        case Picture():
            return ""
        case Table():
            return f"{block.caption}\n{_grid(block, 'plain', _inline, _narrow)}"
        case _:
            return block


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in _sentences(lines))


def _sentences(lines: Sequence[str]) -> list[str]:
    return [_inline(line) for line in lines]


def _grid(
    table: Table,
    form: str,
    escape: Callable[[str], str],
    head: Callable[[str], str] | None = None,
) -> str:
    header = [(head or escape)(name) for name in table.header]
    rows = [[escape(cell(value)) for value in line] for line in table.rows]
    sides = ["left" if word else "right" for word in words(table)]
    grid: str = tabulate(rows, header, form, colalign=sides, disable_numparse=True)
    return grid


def _narrow(head: str) -> str:
    return textwrap.fill(_inline(head), _HEAD, break_long_words=False)


def _link(link: Link) -> str:
    return f"[{link.text}]({link.file})"


def _inline(text: str) -> str:
    return _SPACE.sub(" ", text)
