"""Sweeps: many replicas of a network from each of many states that are set."""
