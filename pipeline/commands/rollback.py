"""Make the model that was champion before the champion again."""

import argparse
from typing import Any

from pipeline import params
from pipeline.promotion.rollback import rollback


def add_to(commands: Any) -> None:
    """Add this command to a parser's subcommands."""
    parser = commands.add_parser("rollback", help=__doc__, description=__doc__)
    parser.add_argument(
        "--to", type=int, metavar="VERSION", help="this version, which was champion once"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Change the champion and print which version it was and is."""
    number = None if options.to is None else str(options.to)
    old, new = rollback(params.load(), number)
    if old.number == new.number:
        print(f"version {new.number} is champion already; nothing to do")
    else:
        print(f"champion was version {old.number}, is version {new.number} (run {new.run_id})")
