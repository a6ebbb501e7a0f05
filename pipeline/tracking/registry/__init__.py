"""Versions of the registered model, who of them is champion, and whose turn it is to change that.

Never: a judgement; that is the promotion's.
"""
