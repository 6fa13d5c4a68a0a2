"""Modules that compute exactly what others published, written by us to be audited."""
