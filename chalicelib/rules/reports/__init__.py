"""One report of one unit: typed, sent, judged, returned; and what else was agreed about it."""
