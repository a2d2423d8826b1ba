"""The unit at its report, from the home page to the receipt."""
