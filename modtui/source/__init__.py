"""The text side, in the inspector: the source as loaded, its diff, its colours, its changes on disk."""
