"""Words of urging."""
