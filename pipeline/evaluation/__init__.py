"""Judge probabilities against labels: scores, their certainty, baselines and the verdict.

Never: TensorFlow, MLflow, settings or places of files; pages and figures are the report's.
"""
