"""Who gets in, from which browser and device, by which link."""
