"""Time the pipeline beside baselines, and campaigns that try it many times over.

Throwaway copies, servers and candidates are those of the tests, by the names that pytest gives
them.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests/helpers"))
