"""Show what an evaluation found: the report, the model card, the comparison of two models.

Never: a number that is computed here; scores come from the evaluation's room.
"""
