"""Give names of emotions, rules, people, clips and data sets a form that every store takes.

A safe form has letters, digits, `_`, `-`, single blanks and dots within: MLflow takes it as a part
of a metric's or a parameter's key, any file system as a part of a file's name. A name that is safe
already stays as it is. Forms are unique, also where upper and lower case, or letters with and
without accents, count as the same.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60  # characters: a metric's key may have 250, a file's name 255 bytes
_FOREIGN = re.compile(r"[^\w\-. ]")  # \w: letters and digits of every script
_ENDS = re.compile(r"^\.+|\.+$")
_DIGITS = (6, 16, 64)  # of the hash that tells two names apart; more where fewer do not


def safe_names(names: Iterable[str], longest: int = LONGEST) -> dict[str, str]:
    """Map each name to its safe form of at most `longest` characters; equal names are one.

    Where two would have the same form, one of them carries a hash of the name: the one that had
    to be changed anyway, else the later.
    """
    distinct = list(dict.fromkeys(names))
    safe: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(distinct, key=lambda name: _plain(name) != name):  # stable
        forms = (form for form in _forms(name, longest) if _folded(form) not in taken)
        safe[name] = next(forms)
        taken.add(_folded(safe[name]))
    return {name: safe[name] for name in distinct}


def _forms(name: str, longest: int) -> Iterable[str]:
    plain = _plain(name)
    if len(plain) <= longest:
        yield plain
    told = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    for digits in _DIGITS:
        yield f"{plain[: max(longest - digits - 1, 0)]}-{told[:digits]}"


def _plain(name: str) -> str:
    form = _FOREIGN.sub("_", unicodedata.normalize("NFC", name))
    form = re.sub(" +", " ", form).strip(" ")
    # Dots alone lead out of a folder; at an end they hide a file, or Windows drops them.
    return _ENDS.sub(lambda dots: "_" * len(dots[0]), form) or "_"


def _folded(form: str) -> str:
    """Take case and accents away, as databases and file systems may when they compare."""
    letters = unicodedata.normalize("NFKD", form.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
