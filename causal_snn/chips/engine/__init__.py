"""What executes a chip: stages of a step, and an engine for each schedule."""
