"""Read CSV files whatever their delimiter, fast where they are sound, row by row where not.

Never: what a column means; that is the contract's.
"""
