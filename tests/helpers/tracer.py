"""Note which parameters a stage of a throwaway copy reads while it runs.

`trace` makes the copy's stages write that down; `reads` tells it. Only what a stage reads after
params.yaml was loaded counts, not what its validation looks at.
"""

import json
from pathlib import Path

NOTES = ".local/traced"  # in the copy, where git looks at nothing
WATCH = f"""

def _watched(load):
    import atexit, sys
    from pipeline.settings import section
    places, read = {{}}, set()
    original = section.SettingsSection.__getattribute__

    def watch(self, name):
        value = original(self, name)
        if self is not loaded[0] and id(self) not in places:
            return value  # of another file, such as a commit's
        if not name.startswith(("_", "model_")) and name in type(self).model_fields:
            here = f"{{places.get(id(self), '')}}{{name}}"
            read.add(here)
            children = value.items() if isinstance(value, dict) else [(None, value)]
            for key, child in children:
                if isinstance(child, section.SettingsSection):
                    places[id(child)] = f"{{here}}." + (f"{{key}}." if key is not None else "")
        return value

    def note():
        folder = Path("{NOTES}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / Path(sys.argv[0]).stem).write_text(json.dumps(sorted(read)))

    def once():
        if not loaded:
            loaded.append(load())
            section.SettingsSection.__getattribute__ = watch
            atexit.register(note)
        return loaded[0]

    loaded = []
    return once

import json
load = _watched(load)
"""


def trace(clone: Path) -> None:
    """Let the stages of a copy note what they read."""
    with (clone / "pipeline/settings/params.py").open("a") as file:
        file.write(WATCH)


def reads(clone: Path, stage: str) -> set[str]:
    """Give the paths of the values that a stage read when it ran last, such as `train.seed`."""
    found: set[str] = set(json.loads((clone / NOTES / stage).read_text()))
    return {key for key in found if not any(other.startswith(f"{key}.") for other in found)}
