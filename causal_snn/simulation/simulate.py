"""simulate: run a network and keep what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

from causal_snn.errors import bad, check_choice, check_whole
from causal_snn.models.network import Network
from causal_snn.models.network_checks import is_sparse
from causal_snn.provenance import provenance
from causal_snn.simulation.accelerated import NUMBA, CompiledRun, check_accelerate
from causal_snn.simulation.engine.clock import whole_steps
from causal_snn.simulation.engine.core import Engine
from causal_snn.simulation.engine.intervention_checks import check_interventions
from causal_snn.simulation.engine.layout import Layout, lay_out
from causal_snn.simulation.engine.noise import Rng, seed_of, stream
from causal_snn.simulation.engine.schedule import Schedule, is_forceful, needs_current
from causal_snn.simulation.interrupt import gentle_stop
from causal_snn.simulation.keeper import Keeper
from causal_snn.simulation.memory import check_memory, megabytes
from causal_snn.simulation.record import Plan, Record, as_record, plan_record
from causal_snn.simulation.recording import (
    Recording,
)
from causal_snn.simulation.running import run_to, stepwise
from causal_snn.simulation.spike_trains import SpikeTrains
from causal_snn.simulation.start import check_start, set_start
from causal_snn.simulation.state import SimulationState, check_resumed, made_for_run

MOST_STEPS = 2**53
"""Steps in the longest run: more cannot be told apart in ms."""
SOURCE = 240
"""Bytes that the lists of a unit's targets and weights take, these apart."""


def simulate(
    network: Network,
    duration: float,
    *,
    rng: Rng = None,
    interventions: Any = (),
    record: Record | str | tuple[str, ...] | None = None,
    start: Any = None,
    replicas: int = 1,
    scheme: str | None = None,
    dtype: Any = np.float64,
    accelerate: str | None = None,
    progress: bool = True,
) -> Recording:
    """Run a network.

    Parameters
    ----------
    network : Network
        Neurons of any model; one time step is `network.dt`.
    duration : float
        How long (ms), a whole number of steps.
    rng : numpy.random.Generator or int, optional
        Source of all randomness (SPEC 7). The same seed gives the same run, bit for bit, on the
        same machine; `provenance["seed"]` of the result gives it again.
    interventions : sequence of interventions
        Made by `do`, `clamp`, `clamp_spikes`, `cut`, `change`, `inject`. Values may differ
        from replica to replica.
    record : Record, or names of states, optional
        What to keep besides the spikes, as ``("v",)`` or ``Record(states=("v",), every=1.0)``.
    start : mapping of str to array, or SimulationState, optional
        States to start from, by name, shapes (), (n,) or (n, replicas); what is not named is at
        rest without current: the lower of E and V_reset for the LIF family, an equilibrium
        for others. Or the `final` state of a recording: the run goes on from there and
        equals, bit for bit, one that was never interrupted. Give it all interventions of the
        whole run, ended ones too; their times count from the first run's start.
    replicas : int
        Independent copies of the network.
    scheme : str, optional
        How neurons are stepped: ``"exact"``, ``"euler"``, ``"exponential_euler"``,
        ``"staggered"`` and the others of `causal_snn.models.schemes`. Default: linear neurons
        exactly or by Euler, as their convention says; others that are reset by exponential
        Euler; those that spike by their flow (Hodgkin-Huxley) staggered, which is exponential
        Euler state after state and times their spikes far better.
    dtype : numpy dtype
        float64 or float32.
    accelerate : {None, "numba"}
        Compile the step to one loop, for a single large network; needs the extra `numba`
        and some seconds to compile. NumPy is the reference.
    progress : bool
        Show a bar when the run takes more than two seconds and somebody watches.

    Returns
    -------
    Recording
        Its `status` says whether the run came to its end; Ctrl-C, too many spikes or a value
        that is not finite end it earlier, and what was finished is kept.

    Raises
    ------
    InputError
        If an argument makes no sense, or the run needs more memory than there is.

    Notes
    -----
    In each step, in this order: units that spiked are reset; input arrives that acts before
    the flow; the flow; input that acts after it; noise; refractory units are held; clamps;
    spikes are found. The potential that is kept is the one before reset.
    """
    given: Any = network
    if not isinstance(given, Network):
        raise bad("network", given, "a causal_snn.models.Network")
    layout = lay_out(network, scheme)
    kind = check_dtype(dtype)
    count = check_whole("replicas", replicas)
    resumed = start if isinstance(start, SimulationState) else None
    first = 0 if resumed is None else resumed.step
    steps = whole_steps("duration", duration, network.dt)
    if steps > MOST_STEPS:
        raise bad("duration", duration, f"at most {MOST_STEPS * network.dt:g} ms")
    states = {} if resumed else check_start(start, layout, count)
    found = check_interventions(interventions, layout, steps, count, first=first)
    plan = plan_record(as_record(record), layout, first, steps)
    needed = _memory(layout, count, kind, plan)
    check_memory(needed, "this run", "Keep fewer states or times, or run fewer replicas.")
    made_for = made_for_run(layout, count, kind)
    if resumed is not None:
        check_resumed(resumed, made_for)
    seed = seed_of(rng) if resumed is None else resumed.seed
    engine = Engine(
        layout,
        rows=count,
        lanes=1,
        dtype=kind,
        streams=[stream(seed)],
        varying=needs_current(found),
        forceful=is_forceful(found),
        remember=plan.record.interpolate,
    )
    if accelerate is not None:
        check_choice("accelerate", accelerate, (NUMBA,))
        check_accelerate(engine, found)
    schedule = Schedule(found, layout, first + steps, np.arange(count))
    keeper = Keeper(plan, engine)
    with gentle_stop() as stop, np.errstate(all="ignore"):
        if resumed is None:
            set_start(engine, states)
            keeper.keep_spikes()
        else:
            schedule.resume(engine.controls, first)
            engine.restore((first, dict(resumed.arrays), [dict(resumed.stream)]))
        label = f"simulating {network.name} ({megabytes(needed)})"
        advance = CompiledRun(engine).advance if accelerate == NUMBA else stepwise(engine, stop)
        end = run_to(engine, schedule, keeper, first + steps, advance, stop, label, progress)
    step, arrays, (at,) = engine.snapshot()
    final = SimulationState(step * network.dt, step, arrays, at, seed, made_for)
    about = provenance(
        "simulation in time steps",
        schemes=layout.schemes,
        dt=network.dt,
        dtype=str(kind),
        seed=seed,
        replicas=count,
        interventions=[one.describe() for one in found],
        accelerate=accelerate,
        memory=megabytes(needed),
    )
    return _recording(engine, keeper, first, final, end, about)


def check_dtype(dtype: Any) -> np.dtype[Any]:
    """Return float64 or float32 as a dtype, or raise `InputError`."""
    try:
        kind: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        raise bad("dtype", dtype, "float64 or float32") from None
    check_choice("dtype", str(kind), ("float64", "float32"))
    return kind


def _memory(layout: Layout, replicas: int, dtype: np.dtype[Any], plan: Plan) -> int:
    """Return the bytes that a run needs, spikes apart (24 bytes each)."""
    network = layout.network
    states = sum(group.size * (len(group.states) + 12) for group in layout.groups)
    random = 4 * layout.n * len(network.inputs)
    weights, lists = 0, 0
    for table in (network.weights, *network.synapses.values()):
        weights += table.nnz if is_sparse(table) else table.size
        lists += SOURCE * layout.n if is_sparse(table) else 0
    return (
        (states + random) * replicas * dtype.itemsize
        + weights * (dtype.itemsize + 8)
        + lists
        + plan.bytes(replicas, dtype.itemsize)
    )


def _recording(
    engine: Engine,
    keeper: Keeper,
    first: int,
    final: SimulationState,
    end: tuple[str, str],
    about: dict[str, Any],
) -> Recording:
    network, dt = engine.layout.network, engine.dt
    units, times, replicas = keeper.spikes(dt)
    return Recording(
        network=network,
        trains=SpikeTrains(
            labels=network.labels,
            units=units,
            times=times,
            replicas=replicas,
            start=first * dt,
            stop=engine.step_number * dt,
            count=engine.rows,
        ),
        times=np.array(keeper.plan.steps[: keeper.taken], dtype=float) * dt,
        states={name: values[: keeper.taken] for name, values in keeper.states.items()},
        state_units={
            name: tuple(network.labels[u] for u in keeper.plan.units(name))
            for name in keeper.states
        },
        final=final,
        status=end[0],
        message=end[1],
        provenance=about,
    )
