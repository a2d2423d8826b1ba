"""Words at the door."""
