"""Data as documents: pure functions from the shapes to lines of text, no widget."""
