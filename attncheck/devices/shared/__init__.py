"""What kinds of devices share: the protocol, and how a disturbed one is told from a quiet one."""
