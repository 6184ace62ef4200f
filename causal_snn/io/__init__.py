"""Network files in and out: TOML, and NIR in.

Importing it is cheap: file libraries load inside the functions that need them.
"""

from causal_snn.io.network_file import read_network, write_network

__all__ = ["read_network", "write_network"]
