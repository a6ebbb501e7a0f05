"""Bring code and data of a recorded run back, run it again, and compare the results."""
