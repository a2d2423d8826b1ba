"""What a department collects and when: programmes, periods, working days."""
