"""Make labels of action units by rule, or of human categories.

Never: anything that looks at a model or at predictions.
"""
