"""Write a page for a terminal: text and aligned tables, no figures."""

from pipeline.evaluation.document import Block, Code, Items, Page, Picture, Table, cell, words

GAP = "  "


def to_text(page: Page) -> str:
    """Return the text; what stands between backticks keeps them."""
    parts = ["\n".join([page.title, *(f"- {line}" for line in page.lead)])]
    parts += [
        text for section in page.sections for block in section.blocks if (text := _text(block))
    ]
    return "\n\n".join(parts)


def _text(block: Block) -> str:
    match block:
        case Items(lines):
            return "\n".join(f"- {line}" for line in lines)
        case Code(text):
            return text
        case Picture():
            return ""
        case Table():
            return f"{block.caption}\n{_table(block)}"
        case _:
            return block


def _table(table: Table) -> str:
    lines = [[cell(value) for value in line] for line in (table.header, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    left = words(table)
    return "\n".join(
        GAP.join(
            text.ljust(width) if word else text.rjust(width)
            for text, width, word in zip(line, widths, left, strict=True)
        ).rstrip()
        for line in lines
    )
