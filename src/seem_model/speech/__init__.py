"""Spoken words to a phrase, on this machine."""
