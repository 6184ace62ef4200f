"""Limit cycles by collocation: branches, Floquet multipliers, special points."""
