"""What params.yaml may hold, and where artifacts lie; knows no stage, and computes nothing."""
