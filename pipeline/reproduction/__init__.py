"""Bring code and data of a recorded run back, run it again, and compare the results.

Never: a write to the caller's repository, cache or store.
"""
