"""What became of attention, costs, outputs, keys and wiring from one version to another."""
