"""The stages of dvc.yaml, one a module: each reads its inputs, calls the rooms, writes its outputs.

Never: a computation of its own that a room could hold, or an import of another stage.
"""

import gc

# Imports make a million objects that all stay: to look for garbage among them, after each 700 new
# ones, is a tenth of a stage's start.
gc.set_threshold(10_000)
