"""The frame table: action units and their ranges, split, quarantine and warnings.

Never: settings, places of files, tracking, or anything of a model.
"""
