"""Witnesses: the one that this program can be for other logs, and those that watch this one."""
