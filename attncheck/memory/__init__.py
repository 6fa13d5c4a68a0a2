"""Memory: what a call allocates at its peak, and what it keeps for a backward pass."""
