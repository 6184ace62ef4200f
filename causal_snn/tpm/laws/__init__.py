"""Within-cell laws: which micro states stand for a macro state, and with what weight."""
