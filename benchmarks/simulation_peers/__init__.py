"""The sides of `benchmarks/simulation.py`, one file for each, with the physics of `workloads`."""
