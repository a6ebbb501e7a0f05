"""Promote a trained model to champion: gather both sides, judge, and write it down everywhere."""
