"""Transition rows of small networks by quadrature: the law itself, without sampling."""
