"""How long a macro model predicts what its network does: exact errors and proven bounds."""
