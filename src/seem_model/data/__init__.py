"""Data sets on disk: readers that yield plain numpy samples."""
