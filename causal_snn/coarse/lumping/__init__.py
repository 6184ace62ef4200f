"""Lumping: macro states of a finite chain whose effects are closest to closed, with proofs."""
