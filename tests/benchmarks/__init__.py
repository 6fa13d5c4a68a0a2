"""How fast attncheck itself is. Run by ``nox -s bench``, never by ``nox -s tests``."""
