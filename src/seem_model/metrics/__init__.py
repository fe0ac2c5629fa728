"""Rulers: pure numpy functions and tallies that add; they know nothing of models or files."""
