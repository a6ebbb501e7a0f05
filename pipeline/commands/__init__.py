"""What people run beside the stages: `python -m pipeline --help` lists it."""
