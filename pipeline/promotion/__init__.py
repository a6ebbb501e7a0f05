"""Promote a trained model to champion: gather both sides, judge, write it down everywhere.

Never: a number that was chosen with the verdict in sight; rules come from settings.
"""
