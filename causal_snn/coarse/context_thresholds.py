"""context_thresholds: what is gained if the threshold may depend on the context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from causal_snn.coarse.leveling.enclosure import Floats
from causal_snn.coarse.table_threshold import table_threshold
from causal_snn.coarse.threshold import threshold
from causal_snn.errors import bad, check_whole
from causal_snn.kernel.contexts import Contexts
from causal_snn.kernel.effect import CONTEXT_PIECES, EffectKernel
from causal_snn.kernel.normal import mean_above
from causal_snn.kernel.tabulated import TabulatedKernel
from causal_snn.provenance import provenance

MOST = 4096
"""Contexts that are looked at one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class ContextThresholds:
    """Thresholds T(c) of each context against one T for all of them.

    Attributes
    ----------
    label : str
        The unit.
    inputs : array, shape (C,)
        The contexts. An interval is represented by evenly spaced inputs, its ends among them.
    law : array, shape (C,)
        Law on the contexts.
    thresholds : array, shape (C,)
        T(c), the minimax threshold in that context alone (mV); not a number where a table's
        effects do not vary.
    epsilons : array, shape (C,)
        Worst total variation within its two cells.
    shared : float
        T, the minimax threshold for all contexts (mV).
    shared_epsilon : float
        Worst total variation within its two cells in any context.
    spread : float
        Greatest less least T(c) (mV).
    informative : array, shape (C,)
        The threshold that tells most about the effect in each context (mV).
    informative_shared : float
        The one that tells most on average over contexts (mV).
    information : float
        I(effect; cell of the best T(c) | context), bits.
    shared_information : float
        I(effect; cell of the best single T | context), bits.
    context_information : float
        I(effect; context | cell of the best single T), bits: what knowing the context still
        adds if the threshold does not depend on it.
    provenance : mapping
    """

    label: str
    inputs: Floats
    law: Floats
    thresholds: Floats
    epsilons: Floats
    shared: float
    shared_epsilon: float
    spread: float
    informative: Floats
    informative_shared: float
    information: float
    shared_information: float
    context_information: float
    provenance: Mapping[str, Any]

    @property
    def epsilon(self) -> float:
        """Worst total variation within a cell if each context has its own threshold."""
        return float(self.epsilons.max())

    @property
    def value(self) -> float:
        """Value of the context (bits): what a threshold that depends on it tells more.

        max over T(.) of I(effect; cell | context) less the same with one T: a mean of maxima
        less a maximum of means, so never negative (theory/09_levels.py N10).
        """
        return self.information - self.shared_information

    @property
    def total_value(self) -> float:
        """What context and T(c) tell more than one T without the context (bits).

        I(effect; cell of T(c), context) - I(effect; cell of T), both terms 0 or more:
        `value` + `context_information` (N10).
        """
        return self.value + self.context_information


def context_thresholds(
    kernel: EffectKernel | TabulatedKernel, *, cells: int = 2000
) -> ContextThresholds:
    """Return the threshold of each context, and what it is worth to know the context.

    Micro states follow the declared reference law (uniform on the intervention range for an
    EffectKernel), contexts theirs (all alike), independently: an intervention sets the state.

    Parameters
    ----------
    kernel : EffectKernel or TabulatedKernel
        A table must have edges and two outcomes.
    cells : int
        Cells of the grid of thresholds for an EffectKernel, searched for information.

    Returns
    -------
    ContextThresholds

    Raises
    ------
    InputError
        If a table has more than two outcomes, or there are more than 4096 contexts.
    """
    if len(kernel.contexts.inputs if isinstance(kernel, EffectKernel) else kernel.inputs) > MOST:
        raise bad(
            "kernel", "too many contexts", f"at most {MOST} contexts", "Use contexts='interval'."
        )
    if isinstance(kernel, EffectKernel):
        one_each = _sampled(kernel)
        single = [
            threshold(
                replace(
                    one_each,
                    contexts=Contexts("given", one_each.contexts.inputs[[c]], None),
                    midpoints=one_each.midpoints[[c]],
                )
            )
            for c in range(len(one_each.midpoints))
        ]
        shared = threshold(kernel)
        pairs = [(each.threshold, each.epsilon) for each in single]
        inputs, together = one_each.contexts.inputs, (shared.threshold, shared.epsilon)
        law = np.full(len(inputs), 1.0 / len(inputs))
        cuts, mass, sums = _closed_sums(one_each, cells)
    else:
        tables = [table_threshold(_only(kernel, c)) for c in range(len(kernel.inputs))]
        whole = table_threshold(kernel)
        pairs = [(each.threshold, each.epsilon) for each in tables]
        inputs, together = kernel.inputs, (whole.threshold, whole.epsilon)
        law = kernel.context_law
        cuts, mass, sums = _table_sums(kernel)
    information = _informations(mass, sums)
    own, one = information.argmax(axis=1), int((law @ information).argmax())
    thresholds, epsilons = (np.array(part) for part in zip(*pairs, strict=True))
    known = thresholds[np.isfinite(thresholds)]
    return ContextThresholds(
        label=kernel.label,
        inputs=inputs,
        law=law,
        thresholds=thresholds,
        epsilons=epsilons,
        shared=together[0],
        shared_epsilon=together[1],
        spread=float(np.ptp(known)) if known.size else 0.0,
        informative=cuts[own],
        informative_shared=float(cuts[one]),
        information=float(law @ information.max(axis=1)),
        shared_information=float(law @ information[:, one]),
        context_information=_context_information(mass[one], sums[:, one], sums[:, -1], law),
        provenance=provenance(
            "minimax threshold of each context; information on a grid of thresholds",
            law_on_states="reference law of the kernel",
            context_count=len(inputs),
            cells=len(cuts) - 1,
            kernel=dict(kernel.provenance),
        ),
    )


def _sampled(kernel: EffectKernel) -> EffectKernel:
    """Return the kernel in evenly spaced contexts where they are an interval."""
    if kernel.contexts.kind != "interval":
        return kernel
    m, inputs = kernel.midpoints, kernel.contexts.inputs
    steps = np.linspace(0.0, 1.0, CONTEXT_PIECES + 1)
    # m_c falls in the input, in a straight line
    first, last = (m.max(), m.min()) if inputs[0] <= inputs[-1] else (m.min(), m.max())
    return replace(
        kernel,
        contexts=Contexts("given", inputs[0] + steps * (inputs[-1] - inputs[0]), None),
        midpoints=first + steps * (last - first),
    )


def _only(kernel: TabulatedKernel, c: int) -> TabulatedKernel:
    return replace(
        kernel,
        rows=kernel.rows[[c]],
        spread=kernel.spread[[c]],
        inputs=kernel.inputs[[c]],
        context_law=np.ones(1),
    )


def _closed_sums(kernel: EffectKernel, cells: int) -> tuple[Floats, Floats, Floats]:
    """Return cuts (G,), the mass below each, and mass times mean effect below, (C, G)."""
    low, high = kernel.domain
    cuts = np.linspace(low, high, check_whole("cells", cells) + 1)
    mass = (cuts - low) / (high - low)
    means = mean_above(low, cuts, kernel.scale, kernel.midpoints[:, None])
    return cuts, mass, means * mass


def _table_sums(kernel: TabulatedKernel) -> tuple[Floats, Floats, Floats]:
    cuts = np.arange(kernel.n + 1.0) if kernel.edges is None else kernel.edges
    mass = np.concatenate([[0.0], np.cumsum(kernel.mass)])
    sums = np.zeros((len(kernel.inputs), kernel.n + 1))
    sums[:, 1:] = np.cumsum(kernel.probability * kernel.mass, axis=1)
    return cuts, mass, sums


def _coin(p: Floats) -> Floats:
    """Return the entropy of a coin (bits)."""
    from scipy.special import entr

    inside = np.clip(p, 0.0, 1.0)
    return np.asarray((entr(inside) + entr(1.0 - inside)) / np.log(2.0))


def _share(sums: Floats, mass: Floats) -> Floats:
    return np.divide(sums, mass, out=np.zeros_like(sums), where=mass > 0)


def _informations(mass: Floats, sums: Floats) -> Floats:
    """Return I(effect; below or above the cut) of every context and cut (bits), shape (C, G)."""
    rest = np.broadcast_to(mass[-1] - mass, sums.shape)
    below = np.broadcast_to(mass, sums.shape)
    over = _share(sums[:, -1:] - sums, rest)
    whole = _coin(sums[:, -1:] / mass[-1])
    parts = below * _coin(_share(sums, below)) + rest * _coin(over)
    return np.asarray(np.maximum(whole - parts, 0.0))


def _context_information(mass: float, below: Floats, total: Floats, law: Floats) -> float:
    """Return I(effect; context | cell) of one cut (bits)."""
    found = 0.0
    for weight, sums in ((float(mass), below), (1.0 - float(mass), total - below)):
        if weight > 0:
            effects = sums / weight
            found += weight * float(_coin(law @ effects) - law @ _coin(effects))
    return max(found, 0.0)
