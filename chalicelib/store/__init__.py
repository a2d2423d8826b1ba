"""Nouns as items of the single table and back: the only place that knows both."""
