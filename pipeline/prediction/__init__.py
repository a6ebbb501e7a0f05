"""Use a trained model: from frames of new recordings to probabilities, of frames and of clips.

Never: a label, a score, training; a file whose last row is not there yet.
"""
