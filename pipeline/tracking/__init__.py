"""Record runs, their provenance and their models in MLflow; the only importer of mlflow."""
