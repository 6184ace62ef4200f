"""How a neuron fires: f-I curve, rheobase, excitability, phase response, spike indices."""
