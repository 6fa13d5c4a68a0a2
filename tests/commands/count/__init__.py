"""Calls counted by hand, of modules as people write them."""
