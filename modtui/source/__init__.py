"""The text side, in the inspector: source as loaded, diff, colours, changes on disk."""
