"""Strategies: each finds the lines of one sort of fault, or says nothing."""
