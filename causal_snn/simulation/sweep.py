"""sweep: many replicas of a network from each of many states that are set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_choice
from causal_snn.models.network import Network
from causal_snn.models.network_checks import is_sparse
from causal_snn.progress import Sized, track
from causal_snn.provenance import provenance
from causal_snn.simulation.engine.layout import lay_out
from causal_snn.simulation.engine.noise import Rng, seed_of
from causal_snn.simulation.engine.schedule import check_interventions
from causal_snn.simulation.interrupt import gentle_stop
from causal_snn.simulation.intervention import Clamp, ClampSpikes
from causal_snn.simulation.memory import check_memory, megabytes
from causal_snn.simulation.outcome import check_outcome
from causal_snn.simulation.recording import COMPLETE, INTERRUPTED
from causal_snn.simulation.simulate import check_dtype
from causal_snn.simulation.sweep_block import (
    ANTITHETIC,
    INDEPENDENT,
    SHARED,
    Task,
    cut_up,
    portions_of,
    rows_of,
    run_portion,
)
from causal_snn.simulation.sweep_result import SweepResult
from causal_snn.simulation.sweep_states import check_states
from causal_snn.simulation.workers import results

WIDEST = 256
"""Units above which a row has one lane and spikes are events."""


def sweep(
    network: Network,
    *,
    states: Any,
    steps: int,
    replicas: int,
    rng: Rng = None,
    interventions: Any = (),
    noise: str = INDEPENDENT,
    edges: Sequence[ArrayLike] | None = None,
    window: int = 1,
    units: str = "together",
    smooth: bool | None = None,
    scheme: str | None = None,
    dtype: Any = np.float32,
    workers: int = 1,
    client: Any = None,
    block: int | None = None,
    resume: SweepResult | None = None,
    progress: bool = True,
) -> SweepResult:
    """Set a network to each of some states, many times, and see what comes of it.

    Parameters
    ----------
    network : Network
        Neurons of any model.
    states : array, shape (S, n), mapping of str to such arrays, or Cells
        Potentials before reset (mV) to set by intervention; or values by name of the state
        variable; or macro states, from whose cells each replica draws (`macro_states`). What is
        not named is at rest. `spiking_states` gives all 2^n states of a small network.
    steps : int
        Steps to take.
    replicas : int
        Noisy replicas of each state.
    rng : numpy.random.Generator or int, optional
        Source of all randomness (SPEC 7). The same seed gives the same result, bit for bit, for
        any `block`, `workers` and `client`, on machines with the same vector instructions.
    interventions : sequence of interventions
        Further interventions; values may differ from state to state.
    noise : {"independent", "shared", "antithetic"}
        ``"independent"``: every replica of every state has noise of its own. Right for TPMs
        and what is computed from them (effective information, phi).
        ``"shared"``: replica r of every state sees the same noise (common random numbers).
        Right for contrasts and counterfactuals, `SweepResult.contrast`; it makes functionals
        of several rows noisier.
        ``"antithetic"``: replicas come in pairs with mirrored normal numbers. Right for rows
        and means that are near monotone in the noise; `replicas` has to be even.
    edges : sequence of array, optional
        For each unit, potentials (mV) that cut its last potential into cells: macro states.
        Default: whether it spikes.
    window : int
        A unit counts as spiking if it does in any of the last `window` steps.
    units : {"together", "apart"}
        Outcomes of all units jointly, or of each unit alone.
    smooth : bool, optional
        Use the closed-form probabilities of the last step in place of its samples
        (Rao-Blackwell), which lowers the error and never the truth; default where possible.
    scheme, dtype
        As in `simulate`; the default dtype is float32.
    workers : int
        Processes of this machine.
    client : dask.distributed.Client, optional
        An existing cluster to compute on instead; the result is the same.
    block : int, optional
        Lanes to compute together; no influence on the result.
    resume : SweepResult, optional
        An interrupted result of the same call; what it lacks is computed.
    progress : bool
        Show a bar when it takes more than two seconds and somebody watches.

    Returns
    -------
    SweepResult
        `rows`, `standard_error`, `contrast`. Ctrl-C keeps what is finished.

    Raises
    ------
    InputError
        If an argument makes no sense, or there is not enough memory.
    """
    layout = lay_out(network, scheme)
    kind = check_dtype(dtype)
    total = _whole("steps", steps)
    check_choice("noise", noise, (INDEPENDENT, SHARED, ANTITHETIC))
    count = _whole("replicas", replicas)
    if noise == ANTITHETIC and count % 2:
        raise bad("replicas", count, "an even number for antithetic pairs")
    _whole("workers", workers)
    start = check_states(states, layout)
    found = check_interventions(interventions, layout, total, start.count)
    clamped = any(
        isinstance(one, Clamp | ClampSpikes)
        and (one.stop is None or round(one.stop / network.dt) >= total)
        for one in found
    )
    outcome = check_outcome(edges, window, units, smooth, layout, total, clamped=clamped)
    half = 2 if noise == ANTITHETIC else 1
    cut = cut_up(count // half, wide=layout.n > WIDEST or is_sparse(network.weights))
    shape = (start.count, len(cut.batches), outcome.count)
    check_memory(
        16 * int(np.prod(shape)),
        "the result of this sweep",
        "Take fewer states or outcomes (units='apart').",
    )
    seed = seed_of(rng) if resume is None else int(resume.provenance["seed"])
    about = provenance(
        "Monte Carlo, last step in closed form" if outcome.smooth else "Monte Carlo",
        noise=noise,
        states=start.count,
        steps=total,
        replicas=count,
        dt=network.dt,
        schemes=layout.schemes,
        dtype=str(kind),
        seed=seed,
        interventions=[one.describe() for one in found],
        outcome="cells" if edges is not None else f"spikes in the last {window} steps",
        memory=megabytes(8 * int(np.prod(shape))),
    )
    task = Task(layout, start, total, found, noise, str(kind), seed, outcome, cut)
    sums, done = _earlier(resume, shape, about)
    portions = portions_of(task, done, block)
    with gentle_stop() as stop:
        work = results(partial(run_portion, task), portions, workers=workers, client=client)
        parts = Sized(work, len(portions))
        for k, values in track(parts, label=f"sweep of {network.name}", show=progress):
            for (state, chunk), row in zip(rows_of(portions[k]), values, strict=True):
                place = cut.place(chunk)
                sums[state, place], done[state, place] = row, True
            if stop.asked:
                break
    finished = bool(done.all())
    text = "all replicas are finished"
    if not finished:
        text = f"{done.mean():.0%} of the replicas are finished; pass this as resume= to go on"
    return SweepResult(
        sums=sums,
        batch_sizes=half * cut.batches,
        done=done,
        sizes=outcome.sizes,
        joint=outcome.joint,
        labels=network.labels,
        status=COMPLETE if finished else INTERRUPTED,
        message=text,
        provenance=about,
    )


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise bad(name, value, "a whole number of 1 or more")
    return int(value)


def _earlier(
    resume: SweepResult | None, shape: tuple[int, int, int], about: dict[str, Any]
) -> tuple[Any, NDArray[np.bool_]]:
    """Return what an earlier call has finished, to be gone on with."""
    if resume is None:
        return np.zeros(shape), np.zeros(shape[:2], bool)
    for name, value in about.items():
        if name not in ("versions", "memory") and resume.provenance.get(name) != value:
            raise InputError(
                f"resume: a result of this same call is needed; {name} was "
                f"{resume.provenance.get(name)!r} and is {value!r}"
            )
    if resume.sums.shape != shape:
        raise bad("resume", f"sums of shape {resume.sums.shape}", f"shape {shape}")
    return resume.sums.copy(), resume.done.copy()
