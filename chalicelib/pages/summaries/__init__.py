"""A period's summary on the desk, by unit, and the department's own figures."""
