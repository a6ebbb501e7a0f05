"""What people call people, clips and categories: words as they are read, and their safe form.

Never: what a name stands for.
"""
