"""Write a page as Markdown; figures are links to files beside it."""

from collections.abc import Sequence

from pipeline.evaluation.document import (
    Block,
    Code,
    Items,
    Page,
    Picture,
    Section,
    Table,
    cell,
    words,
)


def to_markdown(page: Page) -> str:
    """Return the text."""
    lines = [f"# {page.title}", "", *(f"- {line}" for line in page.lead)]
    for section in page.sections:
        if section.blocks:
            mark = "###" if section.inner else "##"
            lines += ["", f"{mark} {section.title}", *_blocks(section)]
    return "\n".join(lines) + "\n"


def _blocks(section: Section) -> list[str]:
    return [line for block in section.blocks for line in ("", *_block(block))]


def _block(block: Block) -> list[str]:
    match block:
        case Items(lines):
            return [f"- {_inline(line)}" for line in lines]
        case Code(text):
            return ["```", text, "```"]
        case Picture(_, caption, _, file):
            return [f"![{_inline(caption)}]({file})"]
        case Table():
            return [f"{block.caption}:", "", *_table(block)]
        case _:
            return [_inline(block)]


def _table(table: Table) -> list[str]:
    rule = ["---" if word else "---:" for word in words(table)]
    lines = [[_escaped(cell(value)) for value in line] for line in (table.header, *table.rows)]
    return [_line(lines[0]), _line(rule), *map(_line, lines[1:])]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return _inline(text).replace("|", "\\|")


def _inline(text: str) -> str:
    return text.replace("\n", " ")
