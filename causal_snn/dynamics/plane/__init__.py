"""Phase planes and phase lines: nullclines, manifolds, trajectories."""
