"""How long the macro TPM of a network predicts the network."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_snn import order
from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.models.network import Network
from causal_snn.provenance import provenance
from causal_snn.tpm.build import build
from causal_snn.tpm.declared import Cells, Potentials, prepare
from causal_snn.tpm.interval import IntervalTPM
from causal_snn.tpm.prediction.bounds import by_cells, prior
from causal_snn.tpm.prediction.contraction import contractions
from causal_snn.tpm.prediction.grid import grid_errors, unfit
from causal_snn.tpm.prediction.influence import influence, unit_errors
from causal_snn.tpm.prediction.result import PredictionError, check_tolerance
from causal_snn.tpm.tpm import TPM

Floats = NDArray[np.float64]
Method = Literal["auto", "grid", "bounds"]
DECLARED = "potentials within the declared range"


def network_prediction(
    network: Network,
    partition: Cells,
    *,
    tpm: TPM | None = None,
    steps: int = 20,
    tolerance: float = 0.05,
    potentials: Potentials = None,
    method: Method = "auto",
) -> PredictionError:
    """Return how wrong a macro TPM is about its network, over time.

    Parameters
    ----------
    network : Network
    partition : Partition, or sequence of UnitPartition or ThresholdResult
    tpm : TPM, optional
        The macro model; default ``build(network, partition)``. Its joint rows are used where
        it has some.
    steps : int
    tolerance : float
        Error (total variation of the joint macro state) up to which it counts as predicting.
    potentials : optional
        Declared range of potentials, see `causal_snn.tpm.build`: where the network starts.
    method : {"auto", "grid", "bounds"}
        ``"grid"``: exact evolution by quadrature, for up to 3 lif units with noise. ``"bounds"``:
        closed forms of one step and contraction alone, for any network; they hold while
        potentials stay in the declared range. ``"auto"``: the grid where there is one.

    Returns
    -------
    PredictionError
        By the grid: `exact`, `posterior` and `prior`, worst over starts in the declared range.
        By bounds: `prior`, `posterior` from what each macro state can be wrong by, and
        `by_unit` where the TPM is a product; `exact` is None.

    Raises
    ------
    InputError
        If the TPM is not one of this partition, or there is no grid and one was asked for.
    """
    check_choice("method", method, ("auto", "grid", "bounds"))
    steps, tolerance = check_whole("steps", steps), check_tolerance(tolerance)
    units, uniform = prepare(network, partition, potentials)
    model = tpm if tpm is not None else build(network, partition, potentials=potentials)
    sizes = tuple(len(unit.cells) for unit in units)
    if model.sizes != sizes or model.labels != network.labels:
        seen = f"units {model.labels} with {model.sizes} states"
        raise bad("tpm", seen, f"the TPM of units {network.labels} with {sizes} states")
    facts = {
        "network": network.name,
        "dt": network.dt,
        "law": model.law,
        "distance": "total variation",
        "thresholds": [unit.threshold for unit in units],
        "ranges": [[each.range.v_low, each.range.v_high] for each in uniform],
    }
    reason = unfit(network)
    if not reason and method != "bounds":
        ranges = [each.range for each in uniform]
        found = grid_errors(network, units, ranges, model.state_by_state, steps)
        if found is not None:
            return PredictionError(
                times=np.arange(1.0, steps + 1.0) * network.dt,
                exact=found.exact,
                posterior=found.posterior,
                prior=found.prior,
                epsilon=found.epsilon,
                contraction=found.contraction,
                tolerance=tolerance,
                numeric=found.numeric,
                labels=network.labels,
                provenance=provenance(
                    "joint transfer operator on composite Gauss-Legendre nodes; "
                    "telescoped bounds with contraction coefficients",
                    **facts,
                    nodes=list(found.nodes),
                    starts=found.starts,
                    numeric_error=found.numeric,
                ),
            )
        reason = "the grid would be too large"
    if method == "grid":
        raise bad("method", "grid", f"'bounds' for this network: {reason}")
    worst = build(network, partition, law="worst", potentials=potentials)
    units_eps = unit_defects(model, worst)
    cell_eps = joint_defects(model, units_eps)
    tau = contractions(model.state_by_state, steps)
    product = model.joint is None
    return PredictionError(
        times=np.arange(1.0, steps + 1.0) * network.dt,
        exact=None,
        posterior=by_cells(cell_eps, model.state_by_state, tau),
        prior=prior(float(cell_eps.max()), tau),
        epsilon=float(cell_eps.max()),
        contraction=tau,
        tolerance=tolerance,
        by_unit=unit_errors(influence(model), units_eps.max(axis=0), steps) if product else None,
        labels=network.labels,
        provenance=provenance(
            "closed-form one-step errors of each macro state; contraction coefficients",
            **facts,
            condition=DECLARED,
            reason=reason or "asked for",
        ),
    )


def unit_defects(tpm: TPM, worst: IntervalTPM) -> Floats:
    """Return the worst one-step error of each unit at each macro state, shape (S, n).

    The largest total variation between the unit's row of the TPM and that of a micro state.
    With two or three next states it is the largest difference of one of their chances
    (theory/13_prediction.py Q7), so it follows from the bounds.
    """
    columns = [
        np.maximum(high - row, row - low).max(axis=-1)
        for low, high, row in zip(worst.lower, worst.upper, tpm.marginals, strict=True)
    ]
    return np.asarray(np.clip(np.stack([c.ravel("F") for c in columns], axis=1), 0.0, 1.0))


def joint_defects(tpm: TPM, units: Floats) -> Floats:
    """Return a bound on the worst one-step error of the joint row at each macro state, (S,).

    Given the micro state, units move independently: 1 - prod_i (1 - eps_i) for a product row (Q9),
    and the distance of the joint row from the product where there is one.
    """
    found = 1.0 - np.prod(1.0 - units, axis=1)
    if tpm.joint is not None:
        flats = [order.flat(m, tpm.n) for m in tpm.marginals]
        found += 0.5 * np.abs(tpm.joint - order.product(flats)).sum(axis=1)
    return np.minimum(found, 1.0)
