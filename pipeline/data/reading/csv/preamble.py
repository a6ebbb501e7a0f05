"""Find where a table's header begins: below blank lines, `sep=;` and comments."""

import re

from pipeline.data.reading.csv.column_names import clean, is_known, recognise_names

DELIMITERS = ",;\t|"
# Marks of UTF-8 and blank lines, and the line in which Excel is told the delimiter.
_BLANK = re.compile(rb"(?:\xef\xbb\xbf)*(?:[ \t\v\f]*[\r\n])*")
_SEP = re.compile(rb"(?i)[ \t]*\"?sep=(?:[^\r\n\"]|\t)\"?[,;|\t ]*[\r\n]")
_COMMENT = re.compile(rb"[ \t]*\"?#([^\r\n]*)[\r\n]")
_COLUMNS = 2  # a comment that names so many is a header, as numpy writes it: `# frame,AU01_r`


def blank_length(start: bytes, begin: int = 0) -> int:
    """Give where the first line that is not blank begins."""
    return next(_BLANK.finditer(start, begin)).end()


def preamble_length(start: bytes) -> int:
    """Give the length of what stands before the header."""
    place = blank_length(start)
    if line := _SEP.match(start, place):
        place = blank_length(start, line.end())
    while (line := _COMMENT.match(start, place)) and not _is_header(line[1]):
        place = blank_length(start, line.end())
    return place


def _is_header(comment: bytes) -> bool:
    text = comment.decode(errors="replace")
    cells = text.split(max(DELIMITERS, key=text.count))
    return sum(map(is_known, recognise_names([clean(cell) for cell in cells]))) >= _COLUMNS
