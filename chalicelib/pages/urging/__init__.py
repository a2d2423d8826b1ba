"""Urging: by mail, or by a text to copy."""
