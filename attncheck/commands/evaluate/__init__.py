"""Measure attncheck itself on modules of which it is known what is wrong with them."""
