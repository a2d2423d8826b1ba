"""Words of summaries, on the desk and in files."""
