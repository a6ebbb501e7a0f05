"""Compare on the same rows, in pairs: two models, or the data of one with other data.

Never: a verdict on who becomes champion; that is the promotion's.
"""
