"""Pixels: the resident engine that renders, the scorer that measures, and the files made from masters."""
