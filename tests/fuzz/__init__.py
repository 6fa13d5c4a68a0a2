"""Whatever strangers write, in files and on the command line, is answered in words."""
