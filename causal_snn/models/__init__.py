"""1 models: what a network is. Frozen and symbolic."""

from causal_snn.models import zoo
from causal_snn.models.convention import Convention
from causal_snn.models.cuba_lif import cuba_lif
from causal_snn.models.lif import lif
from causal_snn.models.network import Network
from causal_snn.models.neuron import NeuronModel
from causal_snn.models.parameters import Parameter

BY_NAME = {"lif": lif, "cuba_lif": cuba_lif}
"""Model makers by the name that network files use."""

__all__ = ["BY_NAME", "Convention", "Network", "NeuronModel", "Parameter", "cuba_lif", "lif", "zoo"]
