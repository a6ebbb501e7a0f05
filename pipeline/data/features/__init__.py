"""What a network takes, made from the action units of the frame table.

Training, evaluation, prediction, drift and the logged model make it with the same function.
"""
