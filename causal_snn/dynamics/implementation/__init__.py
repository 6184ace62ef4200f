"""The map that a program steps in place of the flow, and its bifurcations."""
