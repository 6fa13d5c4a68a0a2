"""From the words of a user to a module that can be built and called."""
