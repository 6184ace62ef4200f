"""NIR populations as a `Network`: time steps, the scale of weights, clamped inputs.

A spike is a pulse of height 1 that lasts one step, as in the codes that export NIR. With a
the decay of a step, exp(-dt/tau) or 1 - dt/tau, such a pulse through a weight W moves

    LIF      tau v' = (v_leak - v) + r I           v by (1 - a) r W,
    CubaLIF  tau_syn i' = -i + w_in S              i by (1 - a_syn) w_in W,
    IF       v' = r I                              v by r W, or by r W dt,

which are the weights of the network. An IF node has no time constant, and the code that exports
it (Sinabs) counts time in steps: there r W; dt (s) comes in where the file's time is a time.

For CubaLIF with step="exact" the jump is the current at the end of the pulse; its charge is
(1 - a_syn) tau_syn/dt of the pulse's, which tends to 1 for dt << tau_syn (0.88 at
dt = tau_syn/4). With step="euler" the two are equal.

Every connection takes one step, and Delay nodes add theirs; NIR gives no order in which layers
act within a step, though exporting codes let feed-forward layers act at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causal_snn.errors import InputError, bad, check_choice, suggest
from causal_snn.io.files import naming
from causal_snn.io.nir_blocks import Block, joined, one_table
from causal_snn.io.nir_graph import Graph, Population
from causal_snn.models import BY_NAME, Convention, Network, NeuronModel
from causal_snn.models.network_checks import scaled_rows

Floats = NDArray[np.float64]

_REQUIRED = {
    "dt": "dt (the time step, ms)",
    "reset": "reset ('value' or 'subtract')",
    "step": "step ('exact' or 'euler')",
}


def network_from_graph(
    graph: Graph,
    *,
    name: str,
    noise: ArrayLike = 0.0,
    populations: Literal["recurrent", "all"] = "recurrent",
    inputs: Mapping[str, int] | Sequence[int] | int = 0,
    dt: float | None = None,
    if_pulse: Literal["step", "time"] = "step",
    **convention: Any,
) -> Network:
    """Return the network of a NIR graph; the options are those of `read_network`.

    Raises
    ------
    InputError
        If dt, reset or step is missing (all that are missing are named) or any value is wrong.
    """
    check_choice("populations", populations, ("recurrent", "all"))
    dt, rules = _conventions(dt, if_pulse, convention)
    kept, left = _choose(graph, populations)
    clamped = _clamped(graph, inputs)
    units = [_units(population, dt, rules, if_pulse) for population in kept]
    n = sum(population.size for population in kept)
    bias = np.zeros(n)
    blocks = []
    starts = np.cumsum([0, *(population.size for population in kept)])
    place = {p.name: slice(starts[k], starts[k + 1]) for k, p in enumerate(kept)}
    for population, (_, scale) in zip(kept, units, strict=True):
        rows = place[population.name]
        bias[rows] = scale * population.arriving.constant
        for (source, late), matrix in population.arriving.matrices.items():
            if source in place:
                blocks.append(Block(rows, place[source], scaled_rows(matrix, scale), late))
            elif source in clamped:  # an input: a population that acts on a kept one is kept
                bias[rows] += scale * (matrix @ clamped[source])
    weights, delays = joined(blocks, n, dt)
    return Network(
        neuron=[model for models, _ in units for model in models],
        weights=weights,
        delays=delays,
        dt=dt,
        noise=noise,
        bias=bias,
        labels=_labels(kept),
        name=name,
        source=f"NIR file {name}.nir, {_describe(kept, left)}",
        background={
            f"{key}.{k}": int(state)
            for key, states in clamped.items()
            for k, state in enumerate(states)
        },
    )


def input_weights_from_graph(
    graph: Graph,
    *,
    populations: Literal["recurrent", "all"] = "recurrent",
    dt: float | None = None,
    if_pulse: Literal["step", "time"] = "step",
    **convention: Any,
) -> tuple[tuple[str, ...], Any]:
    """Return the input channels of a NIR graph and their weights; see `read_input_weights`."""
    check_choice("populations", populations, ("recurrent", "all"))
    dt, rules = _conventions(dt, if_pulse, convention)
    kept, _ = _choose(graph, populations)
    channels = tuple(f"{name}.{k}" for name, size in graph.inputs.items() for k in range(size))
    starts = np.cumsum([0, *graph.inputs.values()])
    place = {name: slice(starts[k], starts[k + 1]) for k, name in enumerate(graph.inputs)}
    blocks, first = [], 0
    for population in kept:
        _, scale = _units(population, dt, rules, if_pulse)
        rows = slice(first, first + population.size)
        first += population.size
        for (source, late), matrix in population.arriving.matrices.items():
            if source not in place:
                continue
            if late:
                raise InputError(
                    f"a Delay node between {source!r} and {population.name!r}: shift the input "
                    "spikes instead"
                )
            blocks.append(Block(rows, place[source], scaled_rows(matrix, scale), 0.0))
    return channels, one_table(blocks, (first, len(channels)))


def _conventions(
    dt: object, if_pulse: object, convention: dict[str, Any]
) -> tuple[float, Convention]:
    """Return time step and conventions, or raise `InputError` naming all that are missing."""
    given = {"dt": dt, **convention}
    missing = [text for key, text in _REQUIRED.items() if given.get(key) is None]
    if missing:
        raise InputError(
            f"give {', '.join(missing)} too: NIR describes neurons in continuous time and "
            "carries neither the time step nor what a step and a reset are"
        )
    check_choice("if_pulse", if_pulse, ("step", "time"))
    # NIR's threshold is strict: v > v_threshold.
    return _time_step(dt), Convention(strict_threshold=True, **convention)


def _time_step(dt: object) -> float:
    if isinstance(dt, bool) or not isinstance(dt, Real) or not 0 < float(dt) < np.inf:
        raise bad("dt", dt, "a positive time step in ms")
    return float(dt)


def _choose(graph: Graph, rule: str) -> tuple[list[Population], list[Population]]:
    """Return the populations to keep and those to leave out, in file order."""
    reached = {p.name: _influenced(p.name, graph) for p in graph.populations}
    recurrent = {name for name, names in reached.items() if name in names}
    if rule == "all" or not recurrent:
        return list(graph.populations), []
    kept = {name for name in reached if name in recurrent or reached[name] & recurrent}
    return (
        [p for p in graph.populations if p.name in kept],
        [p for p in graph.populations if p.name not in kept],
    )


def _influenced(name: str, graph: Graph) -> set[str]:
    """Return every population that `name` acts on, directly or through others."""
    found: set[str] = set()
    front = {name}
    while front:
        front = {p.name for p in graph.populations if front & p.arriving.sources} - found
        found |= front
    return found


def _units(
    population: Population, dt: float, rules: Convention, if_pulse: str
) -> tuple[list[NeuronModel], Floats]:
    """Return the model of each unit, and what scales its weights."""
    values = population.parameters
    columns = {"theta": values["v_threshold"], "V_reset": values["v_reset"]}
    if "v_leak" in values:
        columns["E"] = values["v_leak"]
    with naming(f"node {population.name!r}"):
        if population.kind == "IF":
            model = "integrate_and_fire"
            scale = values["r"] * (1.0 if if_pulse == "step" else 1e-3 * dt)
        elif population.kind == "LIF":
            model = "lif"
            columns["tau"] = 1e3 * values["tau"]  # s to ms
            scale = values["r"] * _lost("tau", columns["tau"], dt, rules)
        else:
            model = "cuba_lif"
            columns["tau"] = 1e3 * values["tau_mem"]
            columns["tau_syn"] = 1e3 * values["tau_syn"]
            columns["R"] = values["r"]
            _lost("tau_mem", columns["tau"], dt, rules)
            scale = values["w_in"] * _lost("tau_syn", columns["tau_syn"], dt, rules)
        made: dict[tuple[float, ...], NeuronModel] = {}  # equal units share one object
        models = []
        options = asdict(rules)
        for k in range(population.size):
            row = tuple(float(column[k]) for column in columns.values())
            if row not in made:
                with naming(f"unit {k}"):
                    made[row] = BY_NAME[model](**dict(zip(columns, row, strict=True)), **options)
            models.append(made[row])
    return models, scale


def _lost(key: str, tau: Floats, dt: float, rules: Convention) -> Floats:
    """Return 1 - a, the part of a potential or current that one step forgets."""
    if np.any(tau <= 0):
        raise bad(key, float(np.min(tau)), "a positive time (shown in ms)")
    if rules.step == "exact":
        return -np.expm1(-dt / tau)
    if np.any(dt >= tau):
        raise bad(
            "dt",
            dt,
            f"below {key} = {float(np.min(tau)):.6g} ms, for forward Euler keeps 1 - dt/tau",
            "Use the dt of the training, or step='exact'.",
        )
    return dt / tau


def _clamped(
    graph: Graph, inputs: Mapping[str, int] | Sequence[int] | int
) -> dict[str, NDArray[np.int64]]:
    """Return the clamped state of the channels of each Input node."""
    channels = [f"{name}.{k}" for name, size in graph.inputs.items() for k in range(size)]
    if isinstance(inputs, Mapping):
        for channel in inputs:
            if channel not in channels:
                raise bad("inputs", channel, "not a channel", suggest(str(channel), channels))
        states = [inputs.get(channel, 0) for channel in channels]
    elif np.ndim(inputs) == 0:
        states = [inputs] * len(channels)  # type: ignore[list-item]
    else:
        states = list(inputs)  # type: ignore[arg-type]
    if len(states) != len(channels) or any(state not in (0, 1) for state in states):
        raise bad("inputs", inputs, f"0 or 1 for each of the {len(channels)} input channels")
    flat = iter(states)
    return {
        name: np.array([next(flat) for _ in range(size)], dtype=np.int64)
        for name, size in graph.inputs.items()
    }


def _labels(kept: list[Population]) -> list[str]:
    if len(kept) == 1:
        return [f"n{k}" for k in range(kept[0].size)]
    return [f"{p.name}.{k}" for p in kept for k in range(p.size)]


def _describe(kept: list[Population], left: list[Population]) -> str:
    text = "populations " + ", ".join(f"{p.name} ({p.size} {p.kind})" for p in kept)
    if not left:
        return text
    return (
        text
        + "; left out, never heard by a recurrent one: "
        + ", ".join(f"{p.name} ({p.size})" for p in left)
    )
