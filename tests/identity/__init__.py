"""How well ``attncheck identify`` knows modules: the measure, and modules that are no attention."""
