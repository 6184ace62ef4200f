"""Branches of equilibria along a parameter, their special points and normal forms."""
