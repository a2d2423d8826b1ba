"""Baocao: the periodic reports of a department's units, from the phone to the summary."""
