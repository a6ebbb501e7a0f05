"""What a model or a rule looks at, and where it disagrees with the FACS prototypes.

Never: a network's library; a model is a function of arrays here.
"""
