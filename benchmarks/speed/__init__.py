"""Time the pipeline beside baselines: what `make bench` runs."""
