"""Keep what a run logs until MLflow has it, and send it again after any trouble.

Never: an entry that is lost, doubled or held up by another.
"""
