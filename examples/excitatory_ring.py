"""Draw the figure of the README: what unit A of the ring causes, and where T* and theta lie.

python examples/excitatory_ring.py
"""

from pathlib import Path

import causal_snn as cs
from causal_snn import plotting

HERE = Path(__file__).parent

net = cs.read_network(HERE / "excitatory_ring.toml")
kernel = cs.kernel.next_spike(net, "A")
axes = plotting.plot_effect_kernel(kernel, cs.coarse.threshold(kernel))
axes.figure.savefig(HERE / "excitatory_ring.png", dpi=150, bbox_inches="tight")
