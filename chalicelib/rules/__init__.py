"""What is right: pure, without a clock, a table or a sentence; each room knows those before it."""
