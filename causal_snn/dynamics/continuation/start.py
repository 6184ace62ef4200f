"""Start: the equilibrium that a continuation begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causal_snn.dynamics.continuation.polish import newton
from causal_snn.dynamics.field import Field, Floats
from causal_snn.dynamics.floats import floats
from causal_snn.dynamics.special import SpecialPoint
from causal_snn.errors import InputError, bad

CLOSE = 1e-3
"""Distance within which a state means a fold, as a fraction of the states' usual ranges."""


def start_state(fld: Field, start: Any, parameter: str, other: float) -> Floats:
    """Return the equilibrium (n,) that `start` means, exact to rounding.

    Parameters
    ----------
    fld : Field
        The vector field at the beginning.
    start : None, int, array, Equilibrium or SpecialPoint
        As in `continue_equilibria`.
    parameter : str
        The continued parameter, for messages.
    other : float
        Its value at the far end, where a message may point to.

    Raises
    ------
    InputError
        If there is no such equilibrium.
    """
    if start is None or isinstance(start, int | np.integer):
        found = _equilibria(fld)
        if not found:
            raise InputError(_nowhere(fld, parameter, other))
        if start is None:
            return min(found, key=lambda state: float(state[0]))
        if not -len(found) <= start < len(found):
            allowed = f"a number from 0 to {len(found) - 1}: there are {len(found)} equilibria"
            raise bad("start", start, allowed)
        return found[int(start)]
    guess = _guess(fld, start)
    if isinstance(start, SpecialPoint) and start.model.parameters == fld.model.parameters:
        return guess  # exact already, and Newton does not converge at folds and branch points
    refined = _refine(fld, guess)
    if refined is None:
        near = [[float(f"{x:.6g}") for x in state] for state in _equilibria(fld)]
        raise bad("start", guess.tolist(), f"a state near an equilibrium; they are {near}")
    return refined


def _guess(fld: Field, start: Any) -> Floats:
    value = getattr(start, "state", start)
    if isinstance(value, Mapping) and set(value) == set(fld.states):
        value = [value[name] for name in fld.states]
    guess = floats(value)
    if guess.shape != (fld.n,) or not np.isfinite(guess).all():
        states = ", ".join(fld.states)
        raise bad("start", start, f"finite values of the states {states}, in order or by name")
    return guess


def _equilibria(fld: Field) -> list[Floats]:
    from causal_snn.dynamics.equilibrium.equilibria import equilibria

    values: dict[str, Any] = fld.values()
    found = equilibria(fld.model, **values)
    return [np.asarray(point.state, dtype=float) for point in found]


def _refine(fld: Field, guess: Floats) -> Floats | None:
    from causal_snn.dynamics.equilibrium.equilibrium import fold_near

    scale = np.maximum(np.abs(guess), 1e-3 * widths(fld))
    done = newton(fld.f_jac, guess, scale)
    if done.converged:
        return done.z
    # At a fold the Jacobian is singular, and Newton's method fails or creeps.
    fold = fold_near(fld, guess)
    near = fold is not None and bool((np.abs(fold[0] - guess) <= CLOSE * widths(fld)).all())
    return fold[0] if fold is not None and near else None


def widths(fld: Field) -> Floats:
    """Return the width of each state's usual range, shape (n,); 200 for models that give none."""
    domain = fld.model.equations.domain or ((-100.0, 100.0),) * fld.n
    return np.array([high - low for low, high in domain], dtype=float)


def _nowhere(fld: Field, parameter: str, other: float) -> str:
    here = fld.values()[parameter]
    text = f"span[0] = {here!r}: {fld.model.name} has no equilibrium at {parameter} = {here!r}"
    there = _equilibria(fld.at(**{parameter: other}))
    if there:
        return f"{text}, but it has {len(there)} at {parameter} = {other!r}: reverse the span"
    return f"{text}, nor at {parameter} = {other!r}; give start= and {parameter}= in between"
