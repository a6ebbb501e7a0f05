"""Recordings, what damages them, and an account of their rows that is independent."""
