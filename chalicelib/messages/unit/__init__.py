"""Words of the unit's pages."""
