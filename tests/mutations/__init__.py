"""Random edits of library files that a process has loaded, and what is found out about them."""
