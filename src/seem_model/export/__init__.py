"""Objects of an image in the files that other programs read, and back."""
