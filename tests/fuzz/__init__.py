"""Whatever comes over the wire, from a disk or out of `sys.modules`: refused in words, or read."""
