"""One model of a page, written as HTML, Markdown or text.

Never: what a page is about.
"""
