"""Judge probabilities against labels: metrics, thresholds, baselines, tables, figures, report."""
