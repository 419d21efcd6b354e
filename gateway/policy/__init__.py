"""Whether a request may happen, and what becomes of each entity type: Cedar, profiles, releases.

A directory of policy is read whole into an immutable `Release`, or not at all.
"""
