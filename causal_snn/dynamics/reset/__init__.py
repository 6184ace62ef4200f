"""The map from one spike to the next, its orbits and their bifurcations."""
