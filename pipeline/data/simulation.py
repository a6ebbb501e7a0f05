"""Simulate OpenFace action unit (AU) intensities and valence for clips of a known emotion.

AU a of clip c (person s, latent emotion e) at frame t, in OpenFace's unit, 0 to 5:

    observed(t)   = clip(level(t) + N(0, 0.04), 0, 5) where level > 0, else exactly 0
    level(t)      = max(0, background(t), display(t))
    background(t) = mu_a + sigma_a (sqrt(h_a) z_sa + sqrt(1 - h_a) y_ca(t))
    display(t)    = soft(drive_c(t) R_ca I_ea G_ca exp(0.2 y'_ca(t)), 4)
    drive_c(t)    = strength_c g_s k_c E_c(t)
    valence(t)    = clip(soft(V_e drive_c(t), 1) + 0.05 b_s + 0.12 y"_c(t) + N(0, 0.04), -1, 1)
    soft(x, m)    = x / (1 + |x / m|^3)^(1/3): nearly x, and never beyond m

z and b are standard normal and belong to a person: the resting face, a bias of the raters.
y, y', y" are AR(1) of unit variance, coefficient 0.75 a frame. mu and sigma follow from
BACKGROUND, so that a resting AU has that share of frames above 0 and that mean in them.
R is 1 with the probability in DISPLAYS (with 0.08, at intensity 0.8, for an AU that stands
not there), else 0: people show one emotion differently, and show what they do not feel.
g (a person's expressiveness), k (a clip's force) and G (an AU's, in a clip) are log-normal of
mean 1. E rises, holds and falls, with mean 1 over the clip.

Where the figures come from:

- Measured: BACKGROUND (neutral clips) and the intensities in DISPLAYS that are not marked
  assumed (mean of the frames above 0 in happy, sad, angry and fearful clips) are aggregates of
  OpenFace 2 output on the speech videos of RAVDESS (Livingstone & Russo 2018,
  doi:10.1371/journal.pone.0196391), five actors. The AR(1) coefficient lies in the range of
  their autocorrelation at 10 frames a second, 0.66 to 0.89. RAVDESS is acted, and spoken.
- Probabilities: oriented by Du, Tao & Martinez 2014, doi:10.1073/pnas.1322355111, table 1:
  0.7 to 0.9 for AUs that most people show, 0.4 to 0.7 for variants.
- Assumed: every intensity of AUs 1, 2, 5, 15, 17 and 20. In those aggregates they differ by
  0.2 at most between emotions, and the rules hardly tell negative emotions apart (AUROC per
  frame: happiness 0.97, sadness 0.76, fear 0.60, anger 0.34): the faces here are clearer.
  Anger's AUs 4 and 7 likewise (measured 0.96 and 0.91); its AU 5 follows the FACS prototype
  4 + 5 + 7, its AU 25 nothing. In happiness 0.4 for AU 7 and 0.5 for AU 14, which OpenFace
  sees in every happy clip and human coders seldom note.
- Assumed: guilt is sadness with a surer AU 4, the facial movement that goes with guilt in
  Julle-Daniere et al. 2020, doi:10.1371/journal.pone.0231756, and a tense chin (AU 17).
- Assumed: anxiety is fear at lower odds, with smiles that lack AU 6 (Harrigan & O'Connell
  1996, doi:10.1016/0191-8869(96)00050-5), and a tense chin.
- Assumed: VALENCE, spreads and noise.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import value_range

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# AU: share of frames above 0, mean of those frames, share of variance constant in a clip (h).
BACKGROUND: dict[int, tuple[float, float, float]] = {
    1: (0.53, 0.31, 0.2),
    2: (0.36, 0.14, 0.1),
    4: (0.46, 0.57, 0.9),
    5: (0.35, 0.08, 0.1),
    6: (0.16, 0.32, 0.9),
    7: (0.76, 0.71, 0.9),
    12: (0.29, 0.16, 0.7),
    14: (0.46, 0.54, 0.8),
    15: (0.61, 0.12, 0.1),
    17: (0.89, 0.34, 0.2),
    20: (0.50, 0.12, 0.1),
    25: (0.77, 1.12, 0.1),
}
AUS = tuple(BACKGROUND)

# AU: probability that a clip shows it, mean intensity over such a clip.
DISPLAYS: dict[str, dict[int, tuple[float, float]]] = {
    "neutral": {},
    "happiness": {6: (0.8, 1.54), 7: (0.4, 2.28), 12: (0.9, 2.01), 14: (0.5, 1.5), 25: (0.8, 1.0)},
    "anger": {4: (0.8, 1.4), 5: (0.6, 1.1), 7: (0.9, 1.6), 17: (0.4, 0.8), 25: (0.3, 1.39)},
    "sadness": {1: (0.7, 1.1), 4: (0.8, 1.26), 6: (0.4, 0.65), 15: (0.8, 1.1), 17: (0.5, 0.8)},
    "guilt": {1: (0.6, 1.0), 4: (0.9, 1.2), 14: (0.4, 0.8), 15: (0.7, 1.0), 17: (0.8, 1.2)},
    "fear": {
        1: (0.8, 1.1),
        2: (0.6, 1.1),
        4: (0.8, 0.92),
        5: (0.7, 1.1),
        20: (0.8, 1.1),
        25: (0.8, 0.55),
    },
    "anxiety": {
        1: (0.7, 1.0),
        2: (0.6, 1.0),
        4: (0.7, 0.92),
        5: (0.5, 1.0),
        12: (0.3, 0.6),
        17: (0.8, 1.2),
        20: (0.3, 0.8),
    },
}
STRAY = (0.08, 0.8)

# Valence that drive 1 stands for, before soft(); emotions in the order of DISPLAYS.
VALENCE = dict(zip(DISPLAYS, (0.0, 0.5, -0.5, -0.45, -0.4, -0.5, -0.35), strict=True))


def simulate(
    emotions: Sequence[str],
    strength: Floats,
    subjects: Ints,
    frames: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Draw AU intensities and valences of n clips.

    `emotions`, `strength` (1: full) and `subjects` (0, 1, ...) have one entry a clip. Returns
    intensities of shape (n, frames, 12) in [0, 5], AUs in the order of AUS, and valences of
    shape (n, frames) in [-1, 1].
    """
    clips, people = len(emotions), int(subjects.max()) + 1
    gain = _around_one(0.25, (people,), rng)[subjects] * _around_one(0.25, (clips,), rng)
    drive = (gain * strength)[:, None] * envelopes(clips, frames, rng)
    resting = _background(rng.standard_normal((people, len(AUS)))[subjects], frames, rng)
    level = np.maximum(0.0, np.maximum(resting, _display(emotions, drive, rng)))
    noise = 0.04 * rng.standard_normal(level.shape)
    feeling = _soft(np.array([VALENCE[emotion] for emotion in emotions])[:, None] * drive, 1.0)
    return (
        np.clip(np.where(level > 0, level + noise, 0.0), *value_range("AU06_r")),
        np.clip(feeling + _raters(subjects, frames, rng), -1.0, 1.0),
    )


def rectified(share: float, mean: float) -> tuple[float, float]:
    """Find mu and sigma of the normal that is above 0 in `share` and there has mean `mean`.

    The mean above 0 is mu + sigma phi(r) / Phi(r) with r = mu / sigma = Phi^-1(share)
    (the truncated normal: Johnson, Kotz & Balakrishnan 1994, chapter 13, section 10.1).
    """
    normal = NormalDist()
    r = normal.inv_cdf(share)
    sigma = mean / (r + normal.pdf(r) / share)
    return r * sigma, sigma


def envelopes(clips: int, frames: int, rng: np.random.Generator) -> Floats:
    """Draw onset, apex and offset of each clip: shape (clips, frames), at least 0, mean 1."""
    rest = rng.uniform(0.0, 0.15, (2, clips, 1))
    ramp = rng.uniform(0.1, 0.25, (2, clips, 1))
    time = (np.arange(frames) + 0.5) / frames
    shape = _smoothstep((time - rest[0]) / ramp[0]) * _smoothstep((1 - time - rest[1]) / ramp[1])
    return np.asarray(shape / shape.mean(axis=1, keepdims=True))


def ar1(clips: int, frames: int, tracks: int, rng: np.random.Generator) -> Floats:
    """Draw stationary AR(1) noise of unit variance: shape (clips, frames, tracks)."""
    coefficient = 0.75
    noise = rng.standard_normal((clips, frames, tracks))
    for frame in range(1, frames):
        fresh = np.sqrt(1 - coefficient**2) * noise[:, frame]
        noise[:, frame] = coefficient * noise[:, frame - 1] + fresh
    return noise


def _background(resting_face: Floats, frames: int, rng: np.random.Generator) -> Floats:
    """Move the resting faces, shape (clips, 12), over time; below 0 reads as no contraction."""
    mu, sigma = np.array([rectified(share, mean) for share, mean, _ in BACKGROUND.values()]).T
    held = np.array([held for _, _, held in BACKGROUND.values()])
    moving = np.sqrt(1 - held) * ar1(len(resting_face), frames, len(AUS), rng)
    return np.asarray(mu + sigma * (np.sqrt(held) * resting_face[:, None] + moving))


def _display(emotions: Sequence[str], drive: Floats, rng: np.random.Generator) -> Floats:
    clips, frames = drive.shape
    table = np.array([[DISPLAYS[emotion].get(au, STRAY) for au in AUS] for emotion in emotions])
    shown = rng.random((clips, len(AUS))) < table[:, :, 0]
    apex = shown * table[:, :, 1] * _around_one(0.3, (clips, len(AUS)), rng)
    flicker = np.exp(0.2 * ar1(clips, frames, len(AUS), rng))
    return _soft(drive[:, :, None] * apex[:, None, :] * flicker, 4.0)


def _raters(subjects: Ints, frames: int, rng: np.random.Generator) -> Floats:
    """Draw what ratings add to the felt valence: a person's bias, drift and noise."""
    bias = 0.05 * rng.standard_normal(int(subjects.max()) + 1)[subjects, None]
    drift = 0.12 * ar1(len(subjects), frames, 1, rng)[:, :, 0]
    return np.asarray(bias + drift + 0.04 * rng.standard_normal(drift.shape))


def _around_one(spread: float, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draw log-normal factors of mean 1."""
    return rng.lognormal(-(spread**2) / 2, spread, shape)


def _soft(x: Floats, limit: float) -> Floats:
    """Bend x towards a limit, so that strong clips do not stand at the edge of the range."""
    return np.asarray(x / np.cbrt(1 + np.abs(x / limit) ** 3))


def _smoothstep(x: Floats) -> Floats:
    bounded = np.clip(x, 0.0, 1.0)
    return np.asarray(bounded * bounded * (3 - 2 * bounded))
