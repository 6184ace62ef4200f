"""The flight of a hybrid neuron from its reset to its next spike."""
