"""A hundred modules without an attention that we know; each class of a file here is one."""
