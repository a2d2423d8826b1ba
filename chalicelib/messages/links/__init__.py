"""Words about links, contacts and devices."""
