"""How well models name the one category that people gave: of frames, of clips, by person.

Never: emotions that are labelled independently of each other.
"""
