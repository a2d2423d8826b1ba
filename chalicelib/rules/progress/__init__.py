"""Who has reported and who has not, and whom to remind."""
