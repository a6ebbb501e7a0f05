"""Frames of people, generated or of RAVDESS, and by how much people differ."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import INTENSITIES, intensity
from pipeline.data.card.profile import Predict, Profile, count
from pipeline.data.simulation import AUS
from pipeline.settings.data_sections import Demo
from pipeline.stages.demo import generate


@dataclass(frozen=True)
class Frames:
    """Intensities (frames, AUs) and whose each frame is."""

    aus: list[str]
    intensities: NDArray[np.float32]
    subject: NDArray[np.str_]

    def profile(self, emotions: list[str], predict: Predict) -> Profile:
        columns = dict(zip(self.aus, self.intensities.T, strict=True))
        table = pa.table({"subject": pa.array(self.subject).dictionary_encode(), **columns})
        return count([table], self.aus, emotions, predict)


def demo(seed: int, subjects: int) -> tuple[Frames, NDArray[np.str_]]:
    """Generate people; the second part is each frame's valence class."""
    wanted = Demo(seed=seed, subjects=subjects, clips_per_subject=3, frames_per_clip=50)
    clips = generate(wanted)
    aus = [intensity(au) for au in AUS]
    values = np.concatenate([clip.aus[aus].to_numpy(np.float32) for clip in clips])
    names = np.repeat([clip.name for clip in clips], 50)
    subject, _, valence = np.array([name.split("_") for name in names]).T
    return Frames(aus, values, subject), valence


def ravdess(path: Path) -> Frames:
    """Read clip means; the last two digits of a clip's name are its actor."""
    table = pd.read_csv(path)
    aus = [name for name in INTENSITIES if name in table]
    actor = table["clip"].map(lambda name: re.split("-", name)[-1])
    return Frames(aus, table[aus].to_numpy(np.float32), actor.to_numpy(np.str_))


def spread(frames: Frames) -> str:
    """Say by how much people's means differ, for the four AUs in which they differ most."""
    people = np.unique(frames.subject)
    means = [frames.intensities[frames.subject == one].mean(axis=0) for one in people]
    deviations = dict(zip(frames.aus, np.std(means, axis=0, ddof=1), strict=True))
    most = sorted(deviations, key=lambda au: -deviations[au])[:4]
    return ", ".join(f"{deviations[au]:.2f} ({au})" for au in most)
