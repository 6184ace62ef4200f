"""Folds and Hopf points along two parameters, and points of codimension two."""
