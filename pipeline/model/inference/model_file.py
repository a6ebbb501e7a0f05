"""Open the file of a trained network to predict with it."""

from pathlib import Path

from pipeline.errors import InputError
from pipeline.model.inference.network import Network, read_network


def open_network(path: Path) -> Network:
    """Read a network.

    Raises `InputError` where the file is damaged or holds another kind of network.
    """
    try:
        return read_network(path)
    except ValueError as error:
        raise InputError(
            f"{error}. Allowed is a .keras file that `dvc repro` wrote, whole; one of outputs/ is "
            "brought back, or trained again, by `dvc repro`."
        ) from error
