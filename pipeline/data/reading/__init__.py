"""From files to checked frames: clips and their names, extractors, the contract of a row.

Never: a row that disappears without a reason; no labels, no split.
"""
