"""Data as it comes: readers of files."""
