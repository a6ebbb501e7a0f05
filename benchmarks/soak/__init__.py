"""Try the pipeline many times over, damage included: the campaigns of `make soak`."""
