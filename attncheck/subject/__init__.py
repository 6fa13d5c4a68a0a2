"""A module under audit, tried: how it is built and called, and one call of it."""
