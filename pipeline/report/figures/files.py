"""Turn a figure into files: PNG for everywhere, SVG that follows a light or a dark page.

The same figure gives the same bytes. An SVG carries no date, no fixed colours and no font: each
colour of `style` is a CSS variable, which the file sets for both colour schemes by itself and a
page that the SVG stands in can set in its place.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from pipeline.report.figures import style

# Each colour by its name in CSS: that of light pages and that of dark ones. Text keeps a contrast
# of at least 4.5 on the paper, marks and lines one of 3 (WCAG 2.2, 1.4.3 and 1.4.11).
COLORS = {
    "paper": (style.PAPER, "#16181c"),
    "ink": (style.INK, "#e8e8e8"),
    "faint": (style.FAINT, "#9d9d9d"),
    "grid": (style.GRID, "#34373d"),
    "blue": (style.BLUE, "#5bb8f0"),
    "orange": (style.ORANGE, "#f0b030"),
    "green": (style.GREEN, "#2fc79a"),
    "grey": (style.GREY, "#a8a8a8"),
    "vermilion": (style.VERMILION, "#ff7f2a"),
    "pink": (style.PINK, "#e79ac3"),
    "sky": (style.SKY, "#8fd0f5"),
    "brown": (style.BROWN, "#cfae4f"),
    "fill": (style.FILL, "#1474b0"),
    "warm": (style.WARM, "#b0500a"),
}
_HEAD = re.compile(r"^.*?(?=<svg )", re.DOTALL)  # the XML declaration and the doctype
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of 150 dots an inch."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))


def png(figure: Figure) -> bytes:
    """Draw a PNG of 150 dots an inch."""
    before, buffer = figure.dpi, io.BytesIO()
    # Not `savefig`, which draws every figure twice.
    with style.styled():
        figure.set_dpi(150)
        # A PNG holds no date by itself; without the version of matplotlib it holds no text.
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
        figure.set_dpi(before)
    return buffer.getvalue()


def svg(figure: Figure) -> str:
    """Draw an `<svg>` element without a background, whose colours are to be set (`colors`)."""
    buffer = io.StringIO()
    with style.styled(), _without_background(figure):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    # Finding the layout takes longer than drawing: it stays for the next format.
    figure.set_layout_engine("none")
    text = _METADATA.sub("", _HEAD.sub("", buffer.getvalue()))
    for name, (light, _) in COLORS.items():
        text = text.replace(light, f"var(--{name})")
    return text


@contextmanager
def _without_background(figure: Figure) -> Iterator[None]:
    patches = [figure.patch, *(axes.patch for axes in figure.axes)]
    shown = [patch.get_visible() for patch in patches]
    for patch in patches:
        patch.set_visible(False)
    yield
    for patch, was in zip(patches, shown, strict=True):
        patch.set_visible(was)


def inline(element: str, prefix: str) -> str:
    """Give all ids of an `svg` element a prefix, so that any number can stand in one page."""
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", element)


def standalone(element: str) -> str:
    """Give an `svg` element what a file needs: colours for both schemes, and a background."""
    ground = '<rect width="100%" height="100%" style="fill: var(--paper)"/>'
    return element.replace(">", f">\n<style>{colors()}</style>\n{ground}", 1)


def colors() -> str:
    """Write the CSS that sets the colours: those of light pages, on dark screens those of dark."""
    light, dark = (
        "".join(f"--{name}:{pair[i]};" for name, pair in COLORS.items()) for i in range(2)
    )
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
