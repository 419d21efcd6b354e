"""What the gateway means, and nothing of how: standard library only.

Nothing here awaits, reads a clock, draws a random number or touches a file; values are passed in.
"""
