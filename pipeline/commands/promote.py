"""Let the model that was trained last become the champion, if the gate is sure that it may."""

import argparse
from typing import Any

EXIT_CODES = """\
exit codes:
  0  promoted, or the champion already
  1  error: one line on stderr says what to do
  2  wrong usage
  3  kept: nothing speaks against the model, but its gain is not certain; the champion stays
  4  refused: a rule that protects from harm is broken; it is named
"""


def add_to(commands: Any) -> None:
    """Add this command to a parser's subcommands."""
    parser = commands.add_parser(
        "promote",
        help=__doc__,
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="judge, and change nothing")
    add_renewal(parser)
    parser.set_defaults(run=run)


def add_renewal(parser: argparse.ArgumentParser) -> None:
    """Add the option that lets the test rows change."""
    parser.add_argument(
        "--renew-test",
        action="store_true",
        help="the test rows changed on purpose: let the champion predict today's, "
        "without the people it was trained on",
    )


def run(options: argparse.Namespace) -> None:
    """Judge the model of `outputs/`, print the verdict and end with its exit code."""
    raise NotImplementedError
