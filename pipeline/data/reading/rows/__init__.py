"""From rows as they were read to frames that keep the contract: order, faces, ranges.

Never a file's format.
"""
