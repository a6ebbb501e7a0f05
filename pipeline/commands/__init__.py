"""What people run beside the stages: `python -m pipeline --help` lists it.

Never: what a room could do; a command parses, calls and prints.
"""
