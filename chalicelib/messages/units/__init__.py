"""Words of the unit list, in files and on pages."""
