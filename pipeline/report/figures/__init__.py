"""Figures of one look, and the files they become.

Never: a decision on what is good or bad.
"""
