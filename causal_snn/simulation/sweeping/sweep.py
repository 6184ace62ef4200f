"""sweep: many replicas of a network from each of many states that are set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from causal_snn.errors import InputError, bad, check_choice, check_whole
from causal_snn.models.network import Network
from causal_snn.progress import Sized, track
from causal_snn.simulation.accelerated import NUMBA
from causal_snn.simulation.engine.noise import Rng
from causal_snn.simulation.interrupt import gentle_stop
from causal_snn.simulation.memory import check_memory, megabytes
from causal_snn.simulation.recording import COMPLETE, INTERRUPTED
from causal_snn.simulation.sweeping.block import VALUES, portions_of, rows_of, run_portion
from causal_snn.simulation.sweeping.compiled_sweep import check_compiled, run_compiled
from causal_snn.simulation.sweeping.result import SweepResult
from causal_snn.simulation.sweeping.task import INDEPENDENT, Task, describe, make_task
from causal_snn.simulation.sweeping.workers import results


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
    accelerate: str | None = None,
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
    accelerate : {None, "numba"}
        Compiled loops for at most 16 lif units in single precision, several times faster once
        they are compiled (extra ``numba``). The same law, by other random numbers.
    workers : int
        Processes of this machine.
    client : dask.distributed.Client, optional
        An existing cluster to compute on instead; the result is the same.
    block : int, optional
        Lanes to compute together; no influence on the result.
    resume : SweepResult, optional
        An interrupted result of the same call; what it lacks is computed. Without `rng` its own
        seed goes on.
    progress : bool
        Show a bar when it takes more than two seconds and somebody watches.

    Returns
    -------
    SweepResult
        `rows`, `standard_error`, `contrast`. Ctrl-C keeps what is finished.

    Raises
    ------
    InputError
        If an argument makes no sense, a state does not stay finite, or there is not enough
        memory.

    Notes
    -----
    Replicas are cut into chunks of 4,096 (32 where spikes are events: more than 256 units, or
    sparse weights), each with a random stream of its own, whose key is (state, chunk);
    `sweep_lane` runs a single replica again. Dense weights are rounded to multiples of a power
    of two, by about 1e-7 (float32) or 1e-16 (float64) of their sum per unit, so that no number
    of threads and no order of addition changes a bit.
    """
    if resume is not None and rng is None:
        rng = _seed(resume)
    task = make_task(
        network,
        states=states,
        steps=steps,
        replicas=replicas,
        rng=rng,
        interventions=interventions,
        noise=noise,
        edges=edges,
        window=window,
        units=units,
        smooth=smooth,
        scheme=scheme,
        dtype=dtype,
        accelerate=accelerate,
    )
    if accelerate is not None:
        check_choice("accelerate", accelerate, (NUMBA,))
        check_compiled(task)
    count = check_whole("workers", workers)
    needed = _memory(task, count, None if block is None else check_whole("block", block))
    check_memory(
        needed,
        "this sweep",
        "Take fewer states or outcomes (units='apart'), a smaller block, or fewer workers.",
    )
    about = describe(task, network)
    sums, done = _begun(resume, task, about)
    portions = portions_of(task, done, block)
    run = run_portion if accelerate is None else run_compiled
    with gentle_stop() as stop:
        work = results(partial(run, task), portions, workers=count, client=client)
        parts = Sized(work, len(portions))
        for k, values in track(parts, label=f"sweep of {network.name}", show=progress):
            for (state, chunk), row in zip(rows_of(portions[k]), values, strict=True):
                place = task.cut.place(chunk)
                sums[state, place], done[state, place] = row, True
            if stop.asked:
                break
    finished = bool(done.all())
    text = "all replicas are finished"
    if not finished:
        text = f"{done.mean():.0%} of the replicas are finished; pass this as resume= to go on"
    return SweepResult(
        sums=sums,
        batch_sizes=(2 if task.antithetic else 1) * task.cut.batches,
        done=done,
        sizes=task.outcome.sizes,
        joint=task.outcome.joint,
        labels=network.labels,
        status=COMPLETE if finished else INTERRUPTED,
        message=text,
        provenance={**about, "memory": megabytes(needed)},
    )


def _memory(task: Task, workers: int, block: int | None) -> int:
    """Return the bytes that a sweep needs: its result, and the blocks under way."""
    layout, cut = task.layout, task.cut
    row = (2 if task.antithetic else 1) * max(cut.chunks) * layout.n
    most = row * task.states.count * len(cut.chunks)
    values = min(max(VALUES if block is None else block * layout.n, row), most)
    # states, normal numbers, what arrives, spikes under way, temporary results
    buffers = 8 + max(len(group.states) for group in layout.groups)
    outcomes = 24 * (values // layout.n) * task.outcome.count
    item = np.dtype(task.dtype).itemsize
    return 16 * int(np.prod(task.shape)) + workers * (buffers * item * values + outcomes)


def _seed(resume: Any) -> int:
    if not isinstance(resume, SweepResult):
        raise bad("resume", resume, "a SweepResult of this same call, or None")
    return int(resume.provenance["seed"])


def _begun(resume: Any, task: Task, about: dict[str, Any]) -> tuple[Any, Any]:
    """Return the sums and marks of what an earlier call has finished, to be gone on with."""
    if resume is None:
        return np.zeros(task.shape), np.zeros(task.shape[:2], bool)
    _seed(resume)
    for name, value in about.items():
        before = resume.provenance.get(name)
        if name != "versions" and before != value:
            what = name.removesuffix("_fingerprint").replace("_", " ")
            raise InputError(
                f"resume: a result of this same call is needed, and `{what}` differs: it was "
                f"{before!r} and is {value!r}"
            )
    if resume.sums.shape != task.shape or resume.done.shape != task.shape[:2]:
        raise bad("resume", f"sums of shape {resume.sums.shape}", f"shape {task.shape}")
    return resume.sums.copy(), resume.done.copy()
