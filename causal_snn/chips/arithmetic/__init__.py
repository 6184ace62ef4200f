"""Numbers of a chip: formats, rounding, decay."""
