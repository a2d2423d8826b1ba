"""What every page stands in: the gate, addresses, drawing, files in and out."""
