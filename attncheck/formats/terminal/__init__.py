"""What the terminal screen is made of: one part of the screen per file."""
