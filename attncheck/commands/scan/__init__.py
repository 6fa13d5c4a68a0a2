"""Every attention of a file, a folder, a package or a live model: which it is, is it right."""
