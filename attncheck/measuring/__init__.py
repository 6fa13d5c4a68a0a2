"""What several probes measure in the same way; probes themselves never import each other."""
