"""Answer longer questions than one training can, each by a pipeline: `studies/<name>/dvc.yaml`.

Built from the pipeline's own functions. A study asks cells (`cells`): one model, fitted to some
people and asked about others, whose predictions are kept, so that a study goes on where it was.
"""
