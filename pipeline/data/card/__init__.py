"""Say what the data holds before a model is trained on it: activity, labels, subjects.

Never: figures; those are in the report's room.
"""
