"""chip_tpm: the macro transition matrix of a network on a chip, by exact counts of registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn import order
from causal_snn.chips.chain.copies import copies
from causal_snn.chips.chain.grid import on_grid
from causal_snn.chips.chain.kernel import ChipKernel, OnChip, kernel
from causal_snn.chips.chain.limits import MOST_STATES
from causal_snn.chips.chain.memory import carried
from causal_snn.errors import bad, check_choice
from causal_snn.provenance import provenance
from causal_snn.tpm.declared import Potentials, per_unit_ranges
from causal_snn.tpm.finite_cells import chip_cells
from causal_snn.tpm.finite_chain import LongRun, long_run_rows
from causal_snn.tpm.finite_laws import UnitGroups, unit_groups
from causal_snn.tpm.finite_rows import MacroRows, check_states, macro_rows
from causal_snn.tpm.tpm import TPM, marginalise

Floats = NDArray[np.float64]
Law = Literal["uniform", "reachable", "stationary"]
LAWS = ("uniform", "reachable", "stationary")
HIDDEN = ("rest", "reachable")
METHODS = {
    "uniform": "exact counts of integer registers, every potential of a cell alike",
    "reachable": "exact counts of integer registers, every reachable state of a neuron alike",
    "stationary": "exact chain of the network, states weighted as in the long run",
}


def chip_tpm(
    mapped: OnChip,
    *,
    partition: Any = None,
    law: Law = "uniform",
    inputs: ArrayLike | None = None,
    noise: ArrayLike | str | None = None,
    hidden: Literal["rest", "reachable"] | Mapping[str, Any] = "rest",
    potentials: Potentials = None,
    max_states: int = MOST_STATES,
) -> TPM:
    """Return the macro transition matrix of a network on a chip, in the chip's own arithmetic.

    Given what every neuron sends, the next states are independent, as each acts on its own
    registers. A row is a count of register values: how many of a cell's integers one step takes
    into each cell, found by bisection where the step is monotone, so that wide registers cost
    no more than narrow ones. Stochastic rounding and modes enter as exact probabilities. On a
    chip of floats the potentials that count are the points of a grid of 24 bits each way.

    Parameters
    ----------
    mapped : Mapped, or (Chip, Parameters)
    partition : Partition, or sequence of UnitPartition, threshold results or thresholds, optional
        Macro states, as in `causal_snn.tpm.build`; or for each unit the potentials (mV) at which
        levels begin. A neuron with a spike in the last step is in its spiking cell, otherwise in
        the level of its potential register, v (mV) = rest + v/scale. Default: quiet or spike.
    law : {"uniform", "reachable", "stationary"}
        Micro states that stand for a macro state. ``"uniform"``: every integer of the declared
        range within the cell; after a spike the registers that it leaves. ``"reachable"``: every
        state that the neuron can be in, whatever arrives, independently of the other neurons.
        ``"stationary"``: as often as the exact chain, started at rest, is in them in the long
        run: observational, with the neurons' correlations.
    inputs : array, optional
        Spikes of the input channels, the same in every step. Default none.
    noise : float or array (mV), or "network", optional
        Standard deviation of Gaussian noise that joins the next potential before the threshold
        (law ``"uniform"`` only); ``"network"``: what the mapped network has per step. A neuron
        that is held refractory has none.
    hidden : {"rest", "reachable"} or mapping, optional
        What the macro state does not set: currents, refractory counters, spikes further under
        way. At rest (0; the counter of a neuron that has just spiked is what its spike set);
        all values that occur in the cell with equal weight; or values by register, as
        ``{"u": 64}``. The long-run law sets them itself.
    potentials : (float, float), or one for each unit, optional
        Declared range (mV), see `causal_snn.kernel.intervention_range`. Default: the mapped
        network's, or all values of the register.
    max_states : int
        States that may be listed one by one.

    Returns
    -------
    TPM
        Its provenance says what was hidden, which registers carry memory from step to step
        (``carried``), and whether the macro state alone settles the law of the next one
        (``markov``); `causal_snn.chips.chain.markov` tells what would have to be added.

    Raises
    ------
    InputError
        If the chip is not synchronous, the partition does not fit, or there are too many states.
    """
    check_choice("law", law, LAWS)
    if not isinstance(hidden, Mapping):
        check_choice("hidden", hidden, HIDDEN)
    chain = kernel(mapped, inputs=inputs, noise=noise, max_states=max_states)
    copies(chain)  # refuses neurons that no unit stands for
    _check_noise(chain, law)
    _check_floats(chain, law, hidden)
    chain = on_grid(chain)
    cells, notes = chip_cells(chain.mapped, partition)
    check_states([len(unit.names) for unit in cells])
    ranges = per_unit_ranges(potentials, chain.mapped.n)
    units = [
        unit_groups(chain, k, cells[k], hidden=hidden, potentials=ranges[k], law=law)
        for k in range(chain.mapped.n)
    ]
    rows = macro_rows(chain, units)
    found = long_run_rows(chain, units, max_states) if law == "stationary" else None
    return _assembled(chain, units, rows, found, law, hidden, notes)


def _assembled(
    chain: ChipKernel,
    units: list[UnitGroups],
    rows: MacroRows,
    found: LongRun | None,
    law: str,
    hidden: Any,
    notes: list[str],
) -> TPM:
    sizes = tuple(len(unit.cells.names) for unit in units)
    marginals, joint = rows.marginals, rows.joint
    facts: dict[str, Any] = {}
    if found is not None:
        product = order.product(marginals) if joint is None else joint
        never = found.law == 0
        joint = np.where(never[:, None], product, found.rows)
        marginals = marginalise(joint, sizes)
        facts = {"micro_states": found.states, "recurrent_classes": found.classes}
        if never.any():
            notes = [
                *notes,
                f"{int(never.sum())} of {len(never)} macro states have no long-run probability; "
                "the product of the units' uniform laws is used",
            ]
    memory = carried(chain)
    markov = rows.constant and not memory
    if not markov:
        notes = [*notes, _not_markov(memory, constant=rows.constant)]
    mapped = chain.mapped
    return TPM(
        marginals=tuple(order.unflat(m, sizes) for m in marginals),
        labels=mapped.labels,
        cells=tuple(unit.cells.names for unit in units),
        joint=joint,
        law=law,
        provenance=provenance(
            METHODS[law],
            law=law,
            chip=mapped.chip.title,
            network=mapped.network.name if mapped.network is not None else "made by hand",
            inputs=chain.inputs.tolist(),
            noise=chain.noise[mapped.place].tolist(),
            ranges=[[u.range.low, u.range.top, u.range.high] for u in units],
            cuts=[u.cells.cuts.tolist() for u in units],
            scale=np.asarray(mapped.scale).tolist(),
            hidden=dict(hidden) if isinstance(hidden, Mapping) else hidden,
            carried=list(memory),
            markov=markov,
            quadrature_error=rows.error,
            notes=[*notes, *(note for unit in units for note in unit.notes)],
            **facts,
        ),
    )


def _not_markov(memory: tuple[str, ...], *, constant: bool) -> str:
    parts = [] if constant else ["the micro state within a macro state"]
    parts += [f"the register {name}" for name in memory]
    return (
        f"the macro process is not Markov: the next macro state depends on {', '.join(parts)}; "
        "rows are the first step after do(macro state)"
    )


def _check_floats(chain: ChipKernel, law: str, hidden: Any) -> None:
    if chain.mapped.chip.number != "integer" and (law != "uniform" or hidden == "reachable"):
        raise bad(
            "law" if law != "uniform" else "hidden",
            law if law != "uniform" else hidden,
            f"law='uniform' and hidden='rest' on {chain.mapped.chip.title}, whose registers are "
            f"{chain.mapped.chip.number}: too many to be listed",
            "Sample the chip instead (causal_snn.chips.run).",
        )


def _check_noise(chain: ChipKernel, law: str) -> None:
    if law != "uniform" and np.any(chain.noise > 0):
        raise bad(
            "noise",
            chain.noise.tolist(),
            f"0 with law={law!r}: with Gaussian noise every potential can be reached",
            "Use law='uniform', or sample the chip (causal_snn.chips.run).",
        )
