"""What makes no sense in a sweep is refused, in words that say what would."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_snn import models
from causal_snn import simulation as sim
from causal_snn.errors import InputError
from causal_snn.models import Network
from causal_snn.models.inputs import WhiteNoise

Floats = NDArray[np.float64]
STATES = [[-60.0, -55.0], [-50.0, -65.0]]


def network(n: int = 2, **options: Any) -> Network:
    call: dict[str, Any] = {"neuron": models.lif(), "weights": np.ones((n, n)), "dt": 1.0}
    return Network(**{**call, "noise": 2.0, **options})


def run(net: Network | None = None, **options: Any) -> sim.SweepResult:
    call: dict[str, Any] = {"states": STATES, "steps": 3, "replicas": 8, "rng": 1}
    return sim.sweep(network() if net is None else net, **{**call, **options})


BAD: list[tuple[dict[str, Any], str]] = [
    ({"steps": 0}, "steps = 0: a whole number of 1 or more"),
    ({"steps": 2.0}, "steps = 2.0: a whole"),
    ({"steps": True}, "steps = True: a whole"),
    ({"replicas": 0}, "replicas = 0: a whole"),
    ({"replicas": -3}, "replicas = -3: a whole"),
    ({"replicas": "10"}, "replicas = '10': a whole"),
    ({"replicas": 7, "noise": "antithetic"}, "replicas = 7: an even number"),
    ({"noise": "mirrored"}, "noise = 'mirrored': one of 'independent', 'shared'"),
    ({"noise": None}, "noise = None: one of"),
    ({"workers": 0}, "workers = 0: a whole"),
    ({"workers": 1.5}, "workers = 1.5: a whole"),
    ({"block": 0}, "block = 0: a whole"),
    ({"block": 10.0}, "block = 10.0: a whole"),
    ({"client": "localhost"}, "client = 'localhost': a dask.distributed.Client"),
    ({"rng": -1}, "rng = -1: "),
    ({"rng": 1.5}, "rng = 1.5: "),
    ({"rng": True}, "rng = True: "),
    ({"rng": "seed"}, "rng = 'seed': "),
    ({"dtype": "float16"}, "dtype = "),
    ({"dtype": int}, "dtype = "),
    ({"scheme": "exakt"}, "scheme = 'exakt': did you mean 'exact'"),
    ({"units": "alone"}, "units = 'alone': one of 'together', 'apart'"),
    ({"window": 0}, "window = 0: a number of steps from 1 to 3"),
    ({"window": 4}, "window = 4: a number of steps from 1 to 3"),
    ({"window": 1.5}, "window = 1.5: "),
    ({"window": "2"}, "window = '2': "),
    ({"window": 2, "smooth": True}, "smooth = True: False here: a window of several steps"),
    ({"window": 2, "edges": [[-55.0], [-55.0]]}, "`window` has to be 1"),
    ({"smooth": "yes"}, "smooth = 'yes': True, False or None"),
    ({"edges": [[-55.0]]}, "edges = '1 lists': one list of potentials (mV) for each of 2 units"),
    ({"edges": -55.0}, "edges = -55.0: one list"),
    ({"edges": "ab"}, "edges = 'ab': one list"),
    ({"edges": [[-55.0], ["high"]]}, "edges[1] = ['high']: finite potentials"),
    ({"edges": [[-55.0], [-50.0, -50.0]]}, "edges[1] = [-50.0, -50.0]: finite"),
    ({"edges": [[np.nan], [-50.0]]}, "edges[0] = [nan]: finite"),
    ({"edges": [[[-50.0]], [-50.0]]}, "edges[0] = [[-50.0]]: finite"),
    ({"edges": [np.arange(-90.0, -20.0)] * 2}, "at most 4096 joint outcomes, and 2 units have 5,"),
    ({"states": [-60.0, -55.0]}, "states['v'] = 'array of shape (2,)': shape (states, 2)"),
    ({"states": [[-60.0]]}, "'array of shape (1, 1)': shape (states, 2)"),
    ({"states": np.zeros((0, 2))}, "at least one state"),
    ({"states": {}}, "at least one state"),
    ({"states": [[-60.0, np.nan]]}, "finite numbers"),
    ({"states": [[-60.0, np.inf]]}, "finite numbers"),
    ({"states": "rest"}, "numbers of shape (states, 2)"),
    ({"states": [[-60.0, -50.0], [1.0]]}, "numbers of shape (states, 2)"),
    ({"states": [[-60.0, -600.0]]}, "states, v = -600.0: a value of lif from"),
    ({"states": {"V": STATES}}, "states: no state 'V'; "),
    ({"states": {"v": STATES, "i": STATES}}, "states: no state 'i'"),
    ({"states": {"v": STATES, "v ": STATES[:1]}}, "as many states for each variable"),
    ({"states": sim.Cells(np.array([[-60.0, -60.0]]), np.array([[-50.0, -61.0]]))}, "cells whose"),
    ({"states": sim.Cells(np.array([[-60.0]]), np.array([[-50.0]]))}, "shape (states, 2)"),
    ({"states": sim.Cells(np.array([[-600.0] * 2]), np.array([[-50.0] * 2]))}, "states, v = -600"),
    ({"interventions": [sim.do(2, -50.0)]}, "unit = 2"),
    ({"interventions": [sim.do("C", -50.0)]}, "unit = 'C'"),
    ({"interventions": [sim.do(0, [-50.0, -51.0, -52.0])]}, "one number, or 2, one a lane"),
    ({"interventions": [sim.do(0, -50.0, at=3.0)]}, "at = 3"),
    ({"interventions": [sim.do(0, -50.0, at=0.5)]}, "whole number of steps"),
    ({"interventions": "cut"}, "made by do, clamp"),
    ({"interventions": [sim.change("taux", 3.0)]}, "did you mean 'tau'"),
    ({"resume": 3}, "resume = 3: a SweepResult of this same call"),
    ({"resume": 3, "rng": None}, "resume = 3: a SweepResult of this same call"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), BAD)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        run(**options)


def test_more_than_4096_joint_outcomes() -> None:
    net = network(13)
    states = [[-60.0] * 13]
    with pytest.raises(InputError, match="at most 4096 joint outcomes, and 13 units have 8,192"):
        run(net, states=states)
    assert run(net, states=states, units="apart").rows.shape == (1, 26)
    assert run(network(12), states=[[-60.0] * 12]).rows.shape == (1, 4096)


def test_spikes_of_a_flow_have_no_closed_form_but_cells_have() -> None:
    net = Network(
        neuron=models.hodgkin_huxley(),
        weights=np.zeros((1, 1)),
        inputs=[WhiteNoise(amplitude=1.0)],
        dt=0.02,
    )
    call: dict[str, Any] = {"states": [[-65.0]], "steps": 2}
    with pytest.raises(InputError, match="spikes by its flow"):
        run(net, smooth=True, **call)
    assert run(net, **call).provenance["method"] == "Monte Carlo"
    assert "closed form" in run(net, edges=[[-60.0]], **call).provenance["method"]


def test_a_sweep_that_does_not_fit_is_refused_before_it_starts() -> None:
    many = np.broadcast_to([[-60.0] * 12], (20_000, 12))
    with pytest.raises(InputError, match=r"this sweep needs .*units='apart'"):
        run(network(12), states=many, replicas=50_000)
    with pytest.raises(InputError, match=r"this sweep needs .*a smaller block"):
        run(states=many[:, :2], replicas=10**8, block=10**13, units="apart")


OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"states": [[-60.0, -55.0], [-50.0, -64.0]]}, "states"),
    ({"states": [[-60.0, -55.0]]}, "states"),
    ({"steps": 4}, "steps"),
    ({"replicas": 9}, "replicas"),
    ({"noise": "shared"}, "noise"),
    ({"rng": 2}, "seed"),
    ({"dtype": float}, "dtype"),
    ({"smooth": False}, "method"),
    ({"window": 2}, "method"),
    ({"smooth": False, "window": 2}, "method"),
    ({"units": "apart"}, "units"),
    ({"edges": [[-50.0], [-50.0]]}, "outcome"),
    ({"scheme": "euler"}, "schemes"),
    ({"interventions": [sim.do(0, -50.0)]}, "interventions"),
]


@pytest.mark.parametrize(("options", "what"), OTHERS)
def test_a_result_of_another_call_names_what_differs(options: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=f"resume: .*`{what}` differs"):
        run(resume=run(), **options)


@pytest.mark.parametrize(
    "other",
    [
        network(drive=1.0),
        network(noise=2.5),
        network(bias=0.1),
        network(weights=[[1.0, 1.0], [1.0, 1.1]]),
        network(delays=2),
        network(neuron=models.lif(tau=21.0)),
        network(neuron=models.lif(strict_threshold=True)),
        network(inputs=[WhiteNoise(amplitude=0.1)]),
    ],
)
def test_a_result_of_another_network_names_the_network(other: Network) -> None:
    with pytest.raises(InputError, match=r"resume: .*`network` differs"):
        run(other, resume=run())


def test_long_arrays_of_interventions_are_told_apart() -> None:
    """Provenance shows only the shape of a long array."""
    states = np.tile([[-60.0, -55.0]], (80, 1))
    values = np.linspace(5.0, 10.0, 80)
    one = run(states=states, interventions=[sim.change("drive", values)])
    with pytest.raises(InputError, match=r"resume: .*`interventions` differs"):
        run(states=states, interventions=[sim.change("drive", values[::-1])], resume=one)
    again = run(states=states, interventions=[sim.change("drive", values)], resume=one)
    assert np.array_equal(one.sums, again.sums)


@pytest.mark.parametrize(
    "edges", [[[-60.0]], [[-50.0, -60.0]], [[np.nan, -50.0]], [["low", "high"]], -50.0]
)
def test_macro_states_need_cells(edges: Any) -> None:
    with pytest.raises(InputError, match="edges"):
        sim.macro_states(edges)


def test_spiking_states_are_of_the_lif_family() -> None:
    net = Network(neuron=models.izhikevich(), weights=[[0.0]], dt=1.0)
    with pytest.raises(InputError, match=r"network = .*izhikevich"):
        sim.spiking_states(net)
