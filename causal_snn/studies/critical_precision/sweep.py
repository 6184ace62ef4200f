"""critical_precision: at which precision a network's causal structure breaks on a chip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from causal_snn.chips.by_name import by_name as chip_by_name
from causal_snn.chips.chip import Chip
from causal_snn.chips.mapping.mapped import Mapped
from causal_snn.errors import check_choice, check_whole
from causal_snn.models.network import Network
from causal_snn.progress import track
from causal_snn.provenance import provenance
from causal_snn.studies.chip_fidelity.reference import CURRENTS, check_law, has_currents
from causal_snn.studies.critical_precision.critical import PrecisionPoint
from causal_snn.studies.critical_precision.measures import DEFAULT, Measure, choose
from causal_snn.studies.critical_precision.point import measured_point
from causal_snn.studies.critical_precision.question import (
    check_seed,
    described,
    digest_of,
    earlier,
    key_of,
    with_noise,
)
from causal_snn.studies.critical_precision.result import PrecisionSweep, Status
from causal_snn.studies.critical_precision.settings import Design, check_axes, settings
from causal_snn.studies.critical_precision.yardstick import yardstick
from causal_snn.tpm import TPM

ChipMaker = str | Chip | Callable[..., Chip]


def critical_precision(
    network: Network,
    *,
    chip: ChipMaker = "loihi2",
    bits: Iterable[int] | int | None = range(2, 9),
    state_bits: Iterable[int] | int | None = None,
    rounding: Iterable[str] | str | None = None,
    refractory: Iterable[int] | int | None = None,
    decay_bits: Iterable[int] | int | None = None,
    design: Design = "grid",
    measures: Sequence[str] = DEFAULT,
    tolerances: Mapping[str, float] | None = None,
    reference: TPM | None = None,
    noise: Any = "network",
    partition: Any = None,
    law: str = "uniform",
    states: Any = "long_run",
    formalism: str = "IIT_4_0_2026",
    steps: int = 1500,
    task: Callable[[Mapped], float] | None = None,
    task_reference: float | None = None,
    map_options: Mapping[str, Any] | None = None,
    rng: int = 0,
    progress: bool = True,
    resume: PrecisionSweep | None = None,
) -> PrecisionSweep:
    """Map a network onto a chip at several precisions, and measure what each keeps.

    At every setting the network is mapped, the chip's macro TPM computed exactly, and causal
    measures and spike statistics set beside those of the float network with the same noise.

    Parameters
    ----------
    network : Network
    chip : str, Chip or function
        A name of `causal_snn.chips.by_name`; a chip, which is varied by `vary`; or a function
        that makes a chip from the settings, as ``lambda bits: fixed_point(bits, bits // 2)``.
    bits : int or iterable of int, optional
        Bits of the weights, sign included. Default 2 to 8, which is what Loihi's weights have;
        with more a chip is hypothetical.
    state_bits : optional
        Bits of the potential's register; what the other registers and settings lose follows.
    rounding : optional
        Of decay: "zero", "floor", "nearest", "nearest_away", "stochastic".
    refractory : optional
        Steps that the chip holds a neuron after a spike; the reference keeps its own.
    decay_bits : optional
        Resolution of the decay factors.
    design : {"grid", "each"}
        All combinations, or one axis at a time with the others at the chip's own value.
    measures : sequence of str
        Of `MEASURES`: tv, mean_tv, ei, determinism, degeneracy, phi_s, Phi, mip, complex,
        edges, rate, cv, correlation.
    tolerances : mapping of str to float, optional
        Largest deviation that counts as kept, by measure. Defaults: 10 % of the reference for
        ei, phi_s, Phi and rate; 0.05 for tv, mean_tv, determinism, degeneracy, and the shares
        mip and complex; 0 for edges; 0.1 for cv and correlation; 0.05 for task.
    reference : TPM, optional
        What the chip's TPM is compared with; default that of the float network (synaptic
        currents at rest, as on the chip).
    noise : "network", float, array or None
        Standard deviation (mV) of what a step adds to every potential, in both; ``"network"``
        is the network's own, None is 0.
    partition : Partition or sequence, optional
        Macro states; default ternary, at the causal thresholds of the float network.
    law : {"uniform", "stationary"}
        Within-cell law of both, see `causal_snn.studies.chip_fidelity.fidelity`.
    states : {"long_run", "all"} or sequence of states
        Over which integrated information is averaged: the reachable states by the reference's
        long-run law, all alike, or those named.
    formalism : {"IIT_4_0_2026", "IIT_4_0_2023"}
    steps : int
        Steps of each of 64 runs from which statistics are taken.
    task : function of a Mapped, optional
        Returns a number, as an accuracy.
    task_reference : float, optional
        What it is compared with; default its value at the finest setting.
    map_options : mapping, optional
        Further options of `causal_snn.chips.map`.
    rng : int
        Seed of the runs: the same at every setting.
    progress : bool
        Show a bar for work over two seconds.
    resume : PrecisionSweep, optional
        An earlier result of the same question, whose settings are not measured again; axes
        may differ.

    Returns
    -------
    PrecisionSweep
        Settings to which the network cannot be mapped carry the reason. An interruption
        (Ctrl-C) ends the sweep and keeps what was measured.

    Raises
    ------
    InputError
        If an argument makes no sense, or `resume` is of another question.
    """
    given = {
        "bits": bits,
        "state_bits": state_bits,
        "rounding": rounding,
        "refractory": refractory,
        "decay_bits": decay_bits,
    }
    check_law(law)
    axes = check_axes(given)
    wanted = settings(axes, design)
    chosen = choose(measures, tolerances, task=task is not None)
    check_choice("formalism", formalism, ("IIT_4_0_2026", "IIT_4_0_2023"))
    seed = check_seed(rng)
    base = chip_by_name(chip) if isinstance(chip, str) else chip
    title = base.title if isinstance(base, Chip) else getattr(base, "__name__", "a chip")
    noisy, sd = with_noise(network, noise)
    question = {
        "network": network.name,
        "digest": digest_of(noisy),
        "chip": title,
        "measures": [one.name for one in chosen],
        "noise_per_step": sd.tolist(),
        "law": law,
        "states": states if isinstance(states, str) else [list(s) for s in states],
        "formalism": formalism,
        "steps": check_whole("steps", steps),
        "seed": seed,
        "map": described(map_options or {}),
    }
    stick = yardstick(
        noisy,
        sd=sd,
        partition=partition,
        law=law,
        states=states,
        formalism=formalism,
        measures=chosen,
        steps=steps,
        seed=seed,
        task=task,
        reference=reference,
    )
    question |= {
        "cells": [list(names) for names in stick.matrix.cells],
        "thresholds": stick.partition.thresholds.tolist(),
        "rows": sha256(stick.matrix.state_by_state.tobytes()).hexdigest(),
        "task": getattr(task, "__qualname__", None),
    }
    done = earlier(resume, question)
    points: list[PrecisionPoint] = []
    status = Status.COMPLETE
    try:
        for one in track(wanted, label="precisions", show=progress):
            key = key_of(one)
            if key in done:
                points.append(replace(done[key], settings=one))
            else:
                points.append(measured_point(stick, base, one, map_options or {}))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    values = dict(stick.values)
    if task is not None:
        points, values["task"] = _judged(points, task_reference, chosen)
    return PrecisionSweep(
        network=network.name,
        chip=title,
        axes=axes,
        measures=chosen,
        reference=values,
        points=tuple(points),
        status=status,
        provenance=provenance(
            "exact macro TPM of the chip at every setting, against that of the float network",
            **question,
            design=design,
            synaptic_currents=CURRENTS if has_currents(network) else "none",
            tolerances={one.name: one.tolerance for one in chosen},
        ),
    )


def _judged(
    points: Sequence[PrecisionPoint], reference: float | None, measures: Sequence[Measure]
) -> tuple[list[PrecisionPoint], float]:
    """Return the points with the deviations of the task, and its reference."""
    one = next(measure for measure in measures if measure.name == "task")
    known = [point for point in points if "task" in point.values]
    if reference is None:
        finest = max(known, key=_fineness, default=None)
        reference = float("nan") if finest is None else finest.values["task"]
    judged = [
        replace(
            point,
            deviations={
                **point.deviations,
                "task": one.deviation(point.values["task"], reference),
            },
        )
        if "task" in point.values
        else point
        for point in points
    ]
    return judged, reference


def _fineness(point: PrecisionPoint) -> tuple[int, ...]:
    return tuple(value for value in point.settings.values() if isinstance(value, int))
