"""Name the action units (AUs), the columns that hold them and the range of each column.

OpenFace 2 writes intensities `AU01_r`, real numbers in [0, 5], and presences `AU01_c`, 0 or 1 in
a frame and a share in [0, 1] in a clip's mean; AU28 has a presence only (Baltrusaitis et al.,
FG 2018). py-feat writes activations `AU01` in [0, 1] (Cheong et al., Affective Science 2023).
FACS names are those of the manual (Ekman, Friesen & Hager 2002).
"""

INTENSITY_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
PRESENCE_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
ACTIVATION_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)

FACS_NAMES = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    11: "nasolabial deepener",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    20: "lip stretcher",
    23: "lip tightener",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
    28: "lip suck",
    43: "eyes closed",
    45: "blink",
}


def intensity(au: int) -> str:
    """Name OpenFace's intensity column of an AU: 1 -> `AU01_r`."""
    return f"AU{au:02d}_r"


def presence(au: int) -> str:
    """Name OpenFace's presence column of an AU: 1 -> `AU01_c`."""
    return f"AU{au:02d}_c"


def activation(au: int) -> str:
    """Name py-feat's column of an AU: 1 -> `AU01`."""
    return f"AU{au:02d}"


INTENSITIES = tuple(intensity(au) for au in INTENSITY_AUS)
PRESENCES = tuple(presence(au) for au in PRESENCE_AUS)
ACTIVATIONS = tuple(activation(au) for au in ACTIVATION_AUS)
OPENFACE_COLUMNS = INTENSITIES + PRESENCES
AU_COLUMNS = OPENFACE_COLUMNS + ACTIVATIONS

VALENCE_CLASSES = ("P", "N", "M")
SPLITS = ("train", "val", "test")

_RANGES = {
    **dict.fromkeys(INTENSITIES, (0.0, 5.0)),
    **dict.fromkeys(PRESENCES + ACTIVATIONS, (0.0, 1.0)),
    "valence": (-1.0, 1.0),
    "frame": (0.0, float(2**53)),
}


def value_range(column: str) -> tuple[float, float]:
    """Give the lowest and highest allowed value of a column of the frame table."""
    return _RANGES[column]


def number(column: str) -> int:
    """Give the number of the AU that a column holds: `AU06_r` -> 6."""
    return int(column[2:4])
