"""Run the whole cycle from data to verdict, report it, and push what came of it.

Never: a change of the working tree or of a branch that nobody asked for.
"""
