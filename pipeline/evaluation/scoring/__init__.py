"""Scores of probabilities against labels, and the thresholds that some of them need.

Never: a choice made on test rows.
"""
