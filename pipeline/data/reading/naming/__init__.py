"""Tell whose a clip is and what it shows: by its name, a labels.csv, or a naming that fits.

Never: the content of a clip's file.
"""
