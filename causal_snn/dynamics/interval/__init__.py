"""Interval arithmetic, and proofs of existence and uniqueness with it."""
