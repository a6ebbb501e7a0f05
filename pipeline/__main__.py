"""List and run the commands beside the stages."""

import argparse

from pipeline.commands import (
    compare,
    drift,
    inspect,
    promote,
    relocate,
    reproduce,
    retrain,
    rollback,
    sync,
)
from pipeline.errors import run_main


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    inspect.add_to(commands)
    drift.add_to(commands)
    sync.add_to(commands)
    relocate.add_to(commands)
    reproduce.add_to(commands)
    compare.add_to(commands)
    promote.add_to(commands)
    rollback.add_to(commands)
    retrain.add_to(commands)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    run_main(main)
