"""SpiNNaker 1 running Izhikevich's neuron (sPyNNaker's IZK_curr_exp)."""

from __future__ import annotations

from typing import Any

from causal_snn.chips.arithmetic.decay import Decay
from causal_snn.chips.arithmetic.rounding import Rounding
from causal_snn.chips.chip import Chip, Setting
from causal_snn.chips.spinnaker import spinnaker1
from causal_snn.chips.spinnaker_settings import accum, lif_settings
from causal_snn.errors import check_choice

_SOURCES = {
    "order": "read: sPyNNaker neuron_model_izh_impl.h at 001e4d93, midpoint rule; after a spike "
    "V = c, U += d, and the next step is longer by 1.85",
    "voltage_decay": "read: the same, bare products of accums; REAL_HALF is a product by 0.5 "
    "(maths-util.h); constants are cut off, and 0.04 is 1311/2^15 in the source",
    "threshold": "read: threshold_type_static.h, V >= V_th",
    "refractory_offset": "chosen: the counter marks the one longer step after a spike",
    "settings": "read: parameters of IZK_curr_exp, s16.15, see `izhikevich_settings`",
}


def spinnaker1_izhikevich(*, rounding: Rounding = "floor") -> Chip:
    r"""Return SpiNNaker 1 running Izhikevich's neuron with exponential currents.

    .. math:: \dot V = k V^2 + 5 V + 140 - U + I, \qquad \dot U = a (b V - U),
              \qquad V \ge \theta \Rightarrow V \leftarrow c,\ U \leftarrow U + d

    by the midpoint rule in s16.15, see `spinnaker_stages.izhikevich`; k = 1311/2^15. The
    register `w` holds U and starts at 0 (sPyNNaker starts at its parameter u, -14 by default);
    the setting `rest` is where V starts.

    Parameters
    ----------
    rounding : {"floor", "nearest", "stochastic"}
        Of every product of the membrane. The source has bare products (``"floor"``); the others
        are what Hopkins et al. 2020 compare.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If the rounding is unknown.

    References
    ----------
    Hopkins, Furber, "Accuracy and efficiency in fixed-point neural ODE solvers", Neural Comput.
    27(10):2148-2182 (2015). Hopkins et al., Phil. Trans. A 378:20190052 (2020).
    """
    check_choice("rounding", rounding, ("floor", "nearest", "stochastic"))
    base, usual = spinnaker1(), izhikevich_settings()
    kept = {name: base.setting(name) for name in usual if base.has(name)}
    ends = base.setting("rest")

    def setting(name: str, meaning: str) -> Setting:
        return Setting(
            name=name, meaning=meaning, low=ends.low, high=ends.high, default=usual[name]
        )

    own = {
        "rest": setting("rest", "where V starts, mV in s16.15"),
        "threshold": setting("threshold", "mV in s16.15"),
        "reset": setting("reset", "c, mV in s16.15"),
        "a": setting("a", "1/ms in s16.15"),
        "b": setting("b", "1/ms in s16.15"),
        "d": setting("d", "mV/ms in s16.15"),
        "step": setting("step", "ms in s16.15"),
        "refractory": Setting(name="refractory", meaning="marks a spike", low=1, high=1, default=1),
    }
    return base.replace(
        name="spinnaker1-izhikevich",
        convention="sPyNNaker IZK_curr_exp",
        order=("gain_u", "add_u", "izhikevich", "fire", "kick", "count", "decay_u"),
        settings=tuple({**kept, **own}.values()),
        voltage_decay=Decay("multiply", bits=15, rounding=rounding, coding="kept"),
        stochastic=("rounding",) if rounding == "stochastic" else (),
        sources={**base.sources, **_SOURCES},
    )


def izhikevich_settings(
    *,
    dt: float = 1.0,
    a: float = 0.02,
    b: float = 0.2,
    c: float = -65.0,
    d: float = 2.0,
    v_init: float = -70.0,
    v_thresh: float = 30.0,
    tau_syn_e: float = 5.0,
    tau_syn_i: float = 5.0,
    i_offset: float = 0.0,
) -> dict[str, Any]:
    """Return the integers that sPyNNaker makes of an Izhikevich neuron's numbers.

    Parameters
    ----------
    dt, tau_syn_e, tau_syn_i : float
        ms.
    a, b, c, d : float
        Izhikevich's parameters; c in mV.
    v_init, v_thresh : float
        mV.
    i_offset : float
        Constant input, in the units of the equation.

    Returns
    -------
    dict of str to int
        Settings of `spinnaker1_izhikevich`, each rounded to s16.15 as the host does.

    Raises
    ------
    InputError
        If a time is not positive, or a number does not fit s16.15.
    """
    found = lif_settings(
        dt=dt, tau_syn_e=tau_syn_e, tau_syn_i=tau_syn_i, i_offset=i_offset,
        v_rest=v_init, v_thresh=v_thresh, v_reset=c,
    )  # fmt: skip
    numbers = {"a": a, "b": b, "d": d, "step": dt}
    for name, value in numbers.items():
        found[name] = accum(name, value)
    return {key: value for key, value in found.items() if key not in _LINEAR}


_LINEAR = ("decay_v", "resistance", "refractory")
"""What only the linear membrane has."""
