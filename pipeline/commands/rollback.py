"""Make the model that was champion before the champion again."""

import click

from pipeline.promotion.rollback import rollback
from pipeline.settings import params


@click.option("--to", type=int, metavar="VERSION", help="This version, which was champion once.")
def run(to: int | None = None) -> None:
    """Change the champion and print which version it was and is."""
    number = None if to is None else str(to)
    old, new = rollback(params.load(), number)
    if old.number == new.number:
        print(f"version {new.number} is champion already; nothing to do")
    else:
        print(f"champion was version {old.number}, is version {new.number} (run {new.run_id})")
