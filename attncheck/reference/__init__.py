"""Our executable definitions of the mechanisms, written from the papers' equations."""
