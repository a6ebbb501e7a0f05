"""Name the action units (AUs) that OpenFace 2.x writes, their columns and ranges.

Intensities `AU01_r` are real numbers in [0, 5]; presences `AU01_c` are 0 or 1 in a frame and
a share in [0, 1] in a clip's mean. Source: the OpenFace 2.2 output format (Baltrusaitis et
al., FG 2018); AU28 has a presence only.
"""

INTENSITY_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
PRESENCE_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
INTENSITY_RANGE = (0.0, 5.0)
PRESENCE_RANGE = (0.0, 1.0)


def intensity(au: int) -> str:
    """Name the intensity column of an AU: 1 -> `AU01_r`."""
    return f"AU{au:02d}_r"


def presence(au: int) -> str:
    """Name the presence column of an AU: 1 -> `AU01_c`."""
    return f"AU{au:02d}_c"


INTENSITIES = tuple(intensity(au) for au in INTENSITY_AUS)
PRESENCES = tuple(presence(au) for au in PRESENCE_AUS)
AU_COLUMNS = INTENSITIES + PRESENCES

VALENCE_CLASSES = ("P", "N", "M")
SPLITS = ("train", "val", "test")
