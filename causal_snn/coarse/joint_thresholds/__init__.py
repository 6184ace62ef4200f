"""Thresholds of all units of a network, chosen together, with a certified gap."""
