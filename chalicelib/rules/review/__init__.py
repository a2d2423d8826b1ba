"""What the department does about reports, what it says, and the record of it."""
