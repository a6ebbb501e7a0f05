"""The models that a study asks: the pipeline's network, its baselines, scikit-learn's.

A learner is given training and validation rows with labels, and of the test people the action
units alone: it cannot choose anything by how they were labelled.
"""
