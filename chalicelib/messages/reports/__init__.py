"""Words about reports, for those who decide and those who are told."""
