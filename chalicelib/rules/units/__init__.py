"""Who reports: dated units, what became of them, whom to reach there."""
