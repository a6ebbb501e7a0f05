"""List and run the commands beside the stages (`dvc repro` runs those)."""

import ast
import os
import sys
import tomllib
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from click.shell_completion import shell_complete

from pipeline.errors import process

# In the order of a project's life; `using` is the folder of those that use a model.
_MODULES = (
    *("inspect", "using.predict", "drift", "find", "compare", "reproduce", "promote", "rollback"),
    *("using.export", "using.serve", "using.fetch", "retrain", "sync", "relocate"),
)
COMMANDS = {name.rpartition(".")[2]: f"pipeline.commands.{name}" for name in _MODULES}
_COMPLETE = "_PIPELINE_COMPLETE"  # what a shell sets to ask for completions


class Command(click.Command):
    """A command whose module is imported when it is used, so that `--help` starts at once.

    A module of `pipeline.commands` gives its docstring, a function `run` that carries click's
    arguments and options, and perhaps EXIT_CODES.
    """

    def __init__(self, name: str) -> None:
        spec = find_spec(COMMANDS[name])
        assert spec is not None and spec.origin is not None  # noqa: PT018, S101
        text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
        super().__init__(name, short_help=text.splitlines()[0])

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Import the command and let it read its arguments."""
        return _build(str(self.name)).make_context(*args, **extra)


@cache
def _build(name: str) -> click.Command:
    """Make a command of its module; once, for click takes the options away from the function."""
    module = import_module(COMMANDS[name])
    epilog = getattr(module, "EXIT_CODES", None)
    return click.command(name, help=module.__doc__, epilog=epilog)(module.run)


class Commands(click.Group):
    """The commands, in their order."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the commands."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> Command | None:
        """Give a command by its name."""
        return Command(name) if name in COMMANDS else None


def show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the version that pyproject.toml names."""
    if wanted:
        file = Path(__file__).parents[1] / "pyproject.toml"
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        click.echo(f"{project['name']} {project['version']}")
        context.exit()


@click.command(cls=Commands, help=__doc__)
@click.option(
    *("--version", "_version"),
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Run nothing by itself: a command does."""


def main() -> None:
    """Run the command line, or answer a shell that asks how a line may go on."""
    if asked := os.environ.get(_COMPLETE):
        sys.exit(shell_complete(cli, {}, "pipeline", _COMPLETE, asked))
    with process():
        cli(prog_name="python -m pipeline")


if __name__ == "__main__":
    main()
