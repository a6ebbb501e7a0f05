"""What a user sets: params.yaml by section, its one reader, and where files lie.

Never: a default that params.yaml does not show, or anything that computes.
"""
