"""``attncheck profile``: what modules cost and how fast they are, on one device."""
