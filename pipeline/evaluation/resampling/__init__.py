"""How far scores move with other people: bootstrap over subjects, intervals, pairs of models.

Never: resampling of frames, which are no independent observations.
"""
