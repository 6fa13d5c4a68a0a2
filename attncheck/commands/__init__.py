"""What the commands do, without a command line: one file or folder each."""
