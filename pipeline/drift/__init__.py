"""Tell whether new data, and a model's predictions on it, lie otherwise than in training.

Never: a claim where there are too few subjects to make one.
"""
