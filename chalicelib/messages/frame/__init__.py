"""What stands on a page instead of what was asked for."""
