"""Intramural: a privacy gateway for language models in hospitals."""

__version__ = "0.1.0"
