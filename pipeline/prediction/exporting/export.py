"""Export a model in some formats: write, run, compare, and only then put in place."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pipeline.model.training  # noqa: F401  # TensorFlow, whose banner it holds back
from pipeline.errors import InputError, naming
from pipeline.prediction.exporting.checking import Measured, measure
from pipeline.prediction.exporting.contract import CONTRACT, FILES, as_text, contract_of
from pipeline.prediction.exporting.formats import RUN, WRITE, replace
from pipeline.prediction.exporting.whole_network import whole_network
from pipeline.prediction.stored_model import Network, StoredModel


class Exported(NamedTuple):
    """A file or folder that was put in place, its size in bytes, and what its check found."""

    path: Path
    size: int
    measured: Measured


def export_model(
    model: StoredModel, network: Network, formats: Sequence[str], folder: Path
) -> list[Exported]:
    """Write all formats into a folder, with the contract; give each once all are in place.

    `network` is the model's. Raises `InputError` where one of them cannot be made or gives other
    probabilities; the folder is then as it was.
    """
    contract = contract_of(model)
    _refuse_others(folder, formats, as_text(contract))
    folder.mkdir(parents=True, exist_ok=True)
    with naming(folder), tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as name:
        scratch, whole = Path(name), whole_network(model)
        found = []
        for one in formats:
            path = scratch / FILES[one]
            WRITE[one](whole, contract, path)
            found.append(Exported(path, _size(path), measure(model, network, RUN[one](path), one)))
        (scratch / CONTRACT).write_text(as_text(contract), encoding="utf-8")
        for path in sorted(scratch.iterdir()):
            replace(path, folder / path.name)
    return [one._replace(path=folder / one.path.name) for one in found]


def _refuse_others(folder: Path, formats: Sequence[str], contract: str) -> None:
    """Raise `InputError` where a file would stay beside the contract of another model."""
    stay = [file for one, file in FILES.items() if one not in formats and (folder / file).exists()]
    told = folder / CONTRACT
    if stay and told.is_file() and told.read_text(encoding="utf-8") != contract:
        raise InputError(
            f"{folder} holds {', '.join(stay)} of another model, which {CONTRACT} there describes. "
            "Export these formats as well, or name another folder by --out."
        )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
