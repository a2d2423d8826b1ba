"""Words of forms, periods, days off and the log."""
