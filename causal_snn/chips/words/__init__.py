"""Words in which emulators give their parameters, one file for each vocabulary."""
