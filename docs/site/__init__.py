"""The documentation site, made from what attncheck knows: ``python -m docs.site [FOLDER]``.

Pages of mechanisms, claims, limits and the API are written when the site is built, and what a page
shows of a command is what it printed then. Nothing of it is committed.
"""
