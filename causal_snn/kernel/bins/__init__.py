"""Effects over a bin of time: one-unit transfer operator, noiseless paths, backward equation."""
