"""What stages and commands share, and what knows both settings and places of files.

Never: what can be said without settings or places; that belongs to a room.
"""
