"""Links of units: given, mailed, printed, handed over, ended; and whom to reach."""
