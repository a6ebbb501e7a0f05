"""Time the pipeline beside baselines (`speed`), and try it many times over (`soak`).

Throwaway copies, servers and candidates are those of the tests, by the names that pytest gives
them.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared/data"  # real recordings, no part of this repository

sys.path.append(str(ROOT / "tests/helpers"))
