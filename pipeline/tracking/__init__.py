"""Record runs, their provenance and their models in MLflow; the only importer of mlflow.

Never: what to record; stages and promotion decide that.
"""
