"""What measures a module: its behaviour, its attention, its counts, its time, its memory."""
