"""Releases of the policy: written by one person, approved by another, put in force by a third.

A release is the bytes of a directory of policy as a canonical archive. Who signed what, and which
release is in force, is in one database; the ledger says when each of it happened.
"""
