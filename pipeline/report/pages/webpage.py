"""Write a page as one HTML file that needs nothing else: no address, no library, no font.

It opens from disk and in the frame in which MLflow shows artifacts, follows the reader's light or
dark scheme, reflows from 400 pixels up, and prints.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from pipeline.report.figures.files import colors, inline
from pipeline.report.pages.document import Block, Link, Page, cell, words

TEMPLATE, STYLE = "page.html.jinja", "page.css"
_HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`]+)`")


def to_html(page: Page, drawn: Mapping[str, str]) -> str:
    """Return the file's text.

    `drawn` holds the drawings of the page's pictures by name: `svg` elements.
    """
    return template(_HERE, TEMPLATE).render(
        page=page,
        sections=[section for section in page.sections if section.blocks],
        style=page_style(),
        colors=colors(),
        drawn={name: inline(element, name) for name, element in drawn.items()},
        kind=_kind,
        words=words,
    )


def template(folder: Path, name: str) -> Template:
    """Load a template that escapes what it is given and knows the filters of pages."""
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"inline": _inline, "cell": cell, "slug": _slug}
    return environment.get_template(name)


def page_style() -> str:
    """Read how all pages look; the colours come from `figures.files.colors`."""
    return (_HERE / STYLE).read_text(encoding="utf-8")


def _kind(block: Block) -> str:
    return "text" if isinstance(block, str) else type(block).__name__.lower()


def _inline(text: str | Link) -> Markup:
    """Escape a text and set what stands between backticks as code; a link leads to its file."""
    if isinstance(text, Link):
        return Markup('<a class="beside" href="{}">{}</a>').format(text.file, text.text)
    return Markup(  # noqa: S704  # escaped in the same line
        _CODE.sub(r"<code>\1</code>", str(escape(text)))
    )


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
