"""The unit list on the desk: looked through, changed, imported."""
