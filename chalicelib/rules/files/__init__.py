"""Files as files: what may come in, what goes out, whatever they are about."""
