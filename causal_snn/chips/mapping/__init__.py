"""From a network to a chip's integers."""
