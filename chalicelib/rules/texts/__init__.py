"""Texts, numbers and instants: how they are read, compared and shown in Việt Nam."""
