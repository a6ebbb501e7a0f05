"""What columns mean: which extractor wrote them, what was recognised, what is left out.

Never a row: values are looked at only to tell units.
"""
