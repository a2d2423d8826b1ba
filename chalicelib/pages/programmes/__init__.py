"""A programme on the desk: form, periods, days off, and the log of acts."""
