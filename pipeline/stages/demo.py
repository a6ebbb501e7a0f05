"""Write generated clips in the `expression` layout, so that the pipeline runs without data.

`AUs/<clip>_aus.csv`: `Image` and 12 AU intensities in [0, 5]; `Valences/<clip>_valences.csv`:
`Image` and `Valences` in [-1, 1]; both with 2 decimals and one row a frame. `labels.csv`:
`clip` and `emotion`, the emotion that the clip was generated from. The labelling rule took no
part in it, so the rule can be scored against it as against a human's label.

Clips are P, N and M in turn, over the whole set. Emotions are dealt like shuffled cards, so
that each occurs about equally often: a P clip shows happiness; an N clip anger, sadness,
guilt, fear or anxiety; an M (mixed) clip is neutral in half of the cases, else one of the six,
at 0.6 of the strength. How a face then moves: `pipeline.data.simulation`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data.action_units import VALENCE_CLASSES, intensity
from pipeline.data.simulation import AUS, Floats, simulate
from pipeline.errors import run_main
from pipeline.settings import params, paths
from pipeline.settings.data_sections import Demo

NEGATIVE = ("anger", "sadness", "guilt", "fear", "anxiety")
DECKS: dict[str, tuple[str, ...]] = {
    "P": ("happiness",),
    "N": NEGATIVE,
    "M": ("neutral",) * 6 + ("happiness", *NEGATIVE),
}
STRENGTH = {"P": 1.0, "N": 1.0, "M": 0.6}


@dataclass(frozen=True)
class DemoClip:
    """One clip: its two files as tables, and the emotion that it was generated from."""

    name: str
    emotion: str
    aus: pd.DataFrame
    valences: pd.DataFrame


def generate(settings: Demo) -> list[DemoClip]:
    """Generate all clips; the same settings give the same clips."""
    rng = np.random.default_rng(settings.seed)
    classes = valence_classes(settings.subjects * settings.clips_per_subject)
    emotions = deal_emotions(classes, rng)
    aus, valences = simulate(
        emotions,
        strength=np.array([STRENGTH[valence_class] for valence_class in classes]),
        subjects=np.arange(len(classes)) // settings.clips_per_subject,
        frames=settings.frames_per_clip,
        rng=rng,
    )
    names = clip_names(settings.subjects, settings.clips_per_subject)
    return [_clip(*clip) for clip in zip(names, emotions, aus, valences, strict=True)]


def valence_classes(clips: int) -> list[str]:
    """Give clips the classes P, N and M in turn."""
    return [VALENCE_CLASSES[clip % len(VALENCE_CLASSES)] for clip in range(clips)]


def clip_names(subjects: int, clips_per_subject: int) -> list[str]:
    """Name clips `<subject>_<condition>_<P|N|M>`: D01_CT_P, D01_CT_N, D01_CT_M, D01_CT2_P, ..."""
    width = max(2, len(str(subjects)))
    names = []
    for index, valence_class in enumerate(valence_classes(subjects * clips_per_subject)):
        subject, clip = divmod(index, clips_per_subject)
        # Three clips in a row differ in class; the fourth needs another condition.
        turn = clip // len(VALENCE_CLASSES) + 1
        condition = "CT" if turn == 1 else f"CT{turn}"
        names.append(f"D{subject + 1:0{width}d}_{condition}_{valence_class}")
    return names


def deal_emotions(classes: list[str], rng: np.random.Generator) -> list[str]:
    """Deal each clip an emotion from its class's deck, reshuffled whenever it is used up."""
    hands: dict[str, list[str]] = {valence_class: [] for valence_class in DECKS}
    emotions = []
    for valence_class in classes:
        if not hands[valence_class]:
            hands[valence_class] = [str(card) for card in rng.permutation(DECKS[valence_class])]
        emotions.append(hands[valence_class].pop())
    return emotions


def write(clips: list[DemoClip], folder: Path) -> None:
    """Write the clips below `folder`, in place of those that an earlier run left there."""
    for kind in ("AUs", "Valences"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        # Our own names alone: somebody may have put recordings beside them.
        for stale in (folder / kind).glob("D[0-9]*_CT*_[PNM]_*.csv"):
            stale.unlink()
    for clip in clips:
        _write_table(clip.aus, folder / "AUs" / f"{clip.name}_aus.csv")
        _write_table(clip.valences, folder / "Valences" / f"{clip.name}_valences.csv")
    labels = [(clip.name, clip.emotion) for clip in clips]
    _write_table(pd.DataFrame(labels, columns=["clip", "emotion"]), folder / "labels.csv")


def _clip(name: str, emotion: str, aus: Floats, valences: Floats) -> DemoClip:
    width = max(3, len(str(len(aus))))
    images = [f"{name}_c{frame + 1:0{width}d}.jpg" for frame in range(len(aus))]
    intensities = pd.DataFrame(_two_decimals(aus), columns=[intensity(au) for au in AUS])
    intensities.insert(0, "Image", images)
    ratings = pd.DataFrame({"Image": images, "Valences": _two_decimals(valences)})
    return DemoClip(name, emotion, intensities, ratings)


def _two_decimals(values: Floats) -> Floats:
    # Adding 0.0 turns -0.0, which would be written as "-0.00", into 0.0.
    return np.round(values, 2) + 0.0


def _write_table(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, float_format="%.2f", lineterminator="\n", encoding="utf-8")


def main() -> None:
    """Generate what `demo` in params.yaml asks for, into `paths.DEMO`."""
    settings = params.load().demo
    clips = generate(settings)
    write(clips, paths.DEMO)
    rows = len(clips) * settings.frames_per_clip
    print(f"{paths.DEMO}: {len(clips)} clips of {settings.subjects} subjects, {rows} frames.")


if __name__ == "__main__":
    run_main(main)
