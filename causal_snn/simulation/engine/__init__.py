"""The stepping of many lanes: buffers, array operations, spikes on their way, random streams."""
