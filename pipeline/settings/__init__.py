"""What a user sets, and where: params.yaml by section, its one reader, places, git, DVC, a cluster.

Never: a default that params.yaml does not show, or anything that computes.
"""
