"""Where registers and networks on a chip come to rest, and what a step forgets."""
