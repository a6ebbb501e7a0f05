"""The stages of dvc.yaml, one a module: each reads its inputs, calls the rooms, writes its outputs.

Never: a computation of its own that a room could hold, or an import of another stage.
"""
