"""Levels of a tabulated kernel: the best k macro states of one unit, with certificates."""
