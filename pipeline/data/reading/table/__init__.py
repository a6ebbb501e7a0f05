"""Read one table of any size, rows of a clip in any order, in pieces of whole clips.

Never: a whole table in memory.
"""
