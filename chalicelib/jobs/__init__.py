"""What runs without anybody asking: summaries, reminders, bounced mail."""
