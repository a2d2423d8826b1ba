"""Running and looking after an installation: the local server, the demo, the commands."""
