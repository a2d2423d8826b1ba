"""What all reports of a period add up to, and the files that say it."""
