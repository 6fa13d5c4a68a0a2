"""Measurements beside other tools: scripts, which no part of attncheck imports."""
