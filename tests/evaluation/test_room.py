"""The evaluation room stays light: no TensorFlow, no MLflow, no places of files."""

import subprocess
import sys
from pathlib import Path

import pipeline.evaluation

FORBIDDEN = ("tensorflow", "keras", "mlflow", "pipeline.settings.paths", "pipeline.settings.params")


def test_imports_nothing_heavy_and_knows_no_places() -> None:
    folder = Path(pipeline.evaluation.__file__).parent
    names = [path.relative_to(folder).with_suffix("") for path in folder.rglob("[!_]*.py")]
    modules = [".".join(("pipeline.evaluation", *name.parts)) for name in names]
    assert len(modules) > 20
    code = (
        f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\n"
        f"print([name for name in {FORBIDDEN} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_package_itself_imports_nothing() -> None:
    heavy = {"sklearn", "matplotlib", "numpy"}
    code = f"import sys, pipeline.evaluation; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
