"""Everything behind `app.py`: its version, and how often its process looks for garbage."""

import gc

VERSION = "0.3.0"  # as in pyproject.toml, and the newest in CHANGELOG.md

# A start makes about 110,000 objects and keeps nearly all of them. At the usual 700 the collector
# looks through them 150 times and finds nothing: a twelfth of a cold start.
gc.set_threshold(50_000)
