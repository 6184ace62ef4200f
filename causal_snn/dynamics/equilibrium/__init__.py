"""Every equilibrium in a box, its type, and enclosures of folds and Hopf points."""
