"""What people call people, clips and categories: words as they are read, safe forms, an order.

Never: what a name stands for.
"""
