"""Time and accuracy of continuation, side by side with AUTO-07p: the Hodgkin-Huxley neuron.

    python benchmarks/continuation.py [--repeats 5] [--intervals 50 100 200]

Both do the same work, in turn: the branch of equilibria for I from 0 to 200 uA/cm2 from a start
that is given (ours also from one it has to find), and the branch of cycles from the first Hopf
point past its third fold, with Floquet multipliers, on as many intervals of degree 4. Times are
CPU seconds of one thread, medians over the repeats; AUTO's are those of its compiled program,
without compiling it. Without AUTO (Debian: auto-07p and gfortran) only our side runs. AUTO solves
to EPSL = EPSU = 1e-8 and locates points to EPSS = 1e-6.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import say, show

HOPF = (9.7754379953931, 154.52243366581)
"""Hopf points, 30-digit arithmetic; inside Hendrick's proved enclosures."""
FOLDS = (7.8423471202, 7.9177854943, 6.2603212745)
"""Folds of cycles: AUTO-07p with 200 intervals, PyDSTool and a prototype agree to 2e-9."""

REST = (-64.99964, 0.052934, 0.596111, 0.317681)
"""Where both begin, at I = 0, to the digits that AUTO's equation file gives."""

EQUATIONS = """
subroutine func(ndim, u, icp, par, ijac, f, dfdu, dfdp)
  implicit none
  integer, intent(in) :: ndim, icp(*), ijac
  double precision, intent(in) :: u(ndim), par(*)
  double precision, intent(out) :: f(ndim)
  double precision, intent(inout) :: dfdu(ndim, ndim), dfdp(ndim, *)
  double precision :: v, x, y
  v = u(1)
  x = (v + 40d0)/10d0
  y = (v + 55d0)/10d0
  f(1) = par(1) - 120d0*u(2)**3*u(3)*(v - 50d0) - 36d0*u(4)**4*(v + 77d0) - 0.3d0*(v + 54.387d0)
  f(2) = x/(1d0 - exp(-x))*(1d0 - u(2)) - 4d0*exp(-(v + 65d0)/18d0)*u(2)
  f(3) = 0.07d0*exp(-(v + 65d0)/20d0)*(1d0 - u(3)) - u(3)/(1d0 + exp(-(v + 35d0)/10d0))
  f(4) = 0.1d0*y/(1d0 - exp(-y))*(1d0 - u(4)) - 0.125d0*exp(-(v + 65d0)/80d0)*u(4)
end subroutine func

subroutine stpnt(ndim, u, par, t)
  implicit none
  integer, intent(in) :: ndim
  double precision, intent(inout) :: u(ndim), par(*)
  double precision, intent(in) :: t
  par(1) = 0d0
  u = (/-64.99964d0, 0.052934d0, 0.596111d0, 0.317681d0/)
end subroutine stpnt

subroutine bcnd
end subroutine bcnd
subroutine icnd
end subroutine icnd
subroutine fopt
end subroutine fopt
subroutine pvls
end subroutine pvls
"""

CONSTANTS = """
NDIM=4, IPS=1, IRS=0, ILP=1
ICP=['I']
parnames={1: 'I', 11: 'T'}
NTST=50, NCOL=4, IAD=3, ISP=2, ISW=1, IPLT=0, NBC=0, NINT=0
NMX=1000, NPR=5000, MXBF=0, IID=2, ITMX=9, ITNW=7, NWTN=3, JAC=0
EPSL=1e-8, EPSU=1e-8, EPSS=1e-6
DS=0.1, DSMIN=1e-5, DSMAX=2.0, IADS=1, NPAR=12, THL={11: 0.0}
RL0=-1, RL1=200, A0=-1e5, A1=1e5
UZSTOP={'I': 200.0}
"""

SCRIPT = """
import json, resource, time

def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

def timed(label, work):
    before, begun = cpu(), time.perf_counter()
    result = work()
    spent = cpu() - before, time.perf_counter() - begun
    points = [[point['TY'], point['I']] for point in result()]
    print('@@' + json.dumps([label, *spent, points]))
    return result

timed('compile', lambda: run('hh', c='hh', NMX=1))
equilibria = timed('equilibria', lambda: run('hh', c='hh'))
hopf = equilibria('HB1')
cycles = dict(IPS=2, ICP=['I', 'T'], NMX=400, DS=0.1, DSMAX=5.0, UZSTOP={'I': 200.0})
for count in INTERVALS:
    timed('cycles %d' % count, lambda: run(hopf, NTST=count, SP=['LP3'], **cycles))
timed('all cycles 50', lambda: run(hopf, NTST=50, **cycles))
"""

Row = tuple[float, float, list[tuple[str, float]]]
"""CPU seconds, wall seconds, special points as (label, value)."""


def auto_rows(folder: Path, intervals: Sequence[int]) -> dict[str, Row]:
    """Run AUTO's script once and return its timings."""
    (folder / "hh.f90").write_text(EQUATIONS)
    (folder / "c.hh").write_text(CONSTANTS)
    (folder / "all.auto").write_text(SCRIPT.replace("INTERVALS", repr(list(intervals))))
    command = [shutil.which("auto-07p") or "auto", "all.auto"]
    out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    rows: dict[str, Row] = {}
    for line in out.stdout.splitlines():
        if line.startswith("@@"):
            label, cpu, wall, points = json.loads(line[2:])
            rows[label] = cpu, wall, [(kind, value) for kind, value in points]
    if not rows:
        raise SystemExit("AUTO ran but gave no result:\n" + out.stdout[-2000:] + out.stderr[-2000:])
    return rows


def our_rows(intervals: Sequence[int]) -> dict[str, Row]:
    """Do the same work once with this library."""
    from causal_snn.dynamics.continuation.continuation import continue_equilibria
    from causal_snn.dynamics.cycle.cycles import continue_cycles
    from causal_snn.models import hodgkin_huxley

    rows: dict[str, Row] = {}

    def timed(label: str, work: Callable[[], Any]) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        spent = time.process_time() - cpu, time.perf_counter() - wall
        rows[label] = (*spent, [(point.label, point.value) for point in result.special])
        return result

    follow = partial(continue_equilibria, hodgkin_huxley(), "I", (0, 200))
    timed("equilibria", lambda: follow(start=REST))
    branch = timed("equilibria, start found", follow)
    for count in intervals:
        to_fold = partial(continue_cycles, branch, intervals=count, stop_after={"LPC": 3})
        timed(f"cycles {count}", to_fold)
    timed("all cycles 50", lambda: continue_cycles(branch, "HB1"))
    return rows


FULL = """
import time
begun = time.perf_counter()
from causal_snn.dynamics.continuation.continuation import continue_equilibria
from causal_snn.dynamics.cycle.cycles import continue_cycles
from causal_snn.models import hodgkin_huxley
loaded = time.process_time()
branch = continue_equilibria(hodgkin_huxley(), "I", (0, 200))
first = time.process_time()
continue_equilibria(hodgkin_huxley(), "I", (0, 200))
again = time.process_time()
cycles = continue_cycles(branch)
print(loaded, first - loaded - (again - first), time.process_time() - (again - first),
      time.perf_counter() - begun)
"""


def fresh() -> list[float]:
    """Return, for a new process: CPU of import, of compiling the model, of all, and wall time."""
    run = [sys.executable, "-c", FULL]
    out = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    return [float(word) for word in out.split()]


def error(points: list[tuple[str, float]], labels: tuple[str, ...], exact: Sequence[float]) -> str:
    """Return the largest relative error of the special points of a kind, as text."""
    found = [value for kind, value in points if kind in labels]
    if len(found) < len(exact):
        return f"{len(found)} of {len(exact)} found"
    worst = max(abs(a / b - 1) for a, b in zip(found, exact, strict=False))
    return f"{worst:.0e}"


def table(
    ours: list[dict[str, Row]], theirs: list[dict[str, Row]], intervals: Sequence[int]
) -> list[tuple[str, ...]]:
    """Return the comparison as rows of text."""
    rows: list[tuple[str, ...]] = [
        ("task", "causal_snn", "AUTO", "ratio", "error", "AUTO's", "also found")
    ]
    tasks: list[tuple[str, str, tuple[str, ...], tuple[float, ...]]]
    tasks = [
        ("equilibria, I = 0 to 200, start given", "equilibria", ("HB",), HOPF),
        ("the same, start searched for and proven", "equilibria, start found", ("HB",), HOPF),
    ]
    tasks += [
        (f"cycles, Hopf 1 to fold 3, {n} intervals", f"cycles {n}", ("LPC", "LP"), FOLDS)
        for n in intervals
    ]
    tasks += [("cycles, Hopf 1 to Hopf 2, 50 intervals", "all cycles 50", ("LPC", "LP"), FOLDS)]
    for title, key, labels, exact in tasks:
        own = statistics.median(rows[key][0] for rows in ours)
        same = key.partition(",")[0]
        others = [rows[same][0] for rows in theirs if same in rows]
        other = statistics.median(others) if others else float("nan")
        points = ours[0][key][2]
        extra = [kind for kind, _ in points if kind not in labels]
        rows.append(
            (
                title,
                f"{own:.3f} s",
                f"{other:.3f} s" if others else "-",
                f"{own / other:.1f}" if others else "-",
                error(points, labels, exact),
                error(theirs[0][same][2], labels, exact) if others else "-",
                " ".join(extra),
            )
        )
    return rows


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--intervals", type=int, nargs="+", default=[50, 100, 200])
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # numpy is not imported yet
    installed = shutil.which("auto-07p") is not None and shutil.which("gfortran") is not None
    if not installed:
        say("AUTO-07p or gfortran is not installed: timing our side only.\n")
    our_rows([5])  # compile the model; measured apart below
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.repeats):
            ours.append(our_rows(options.intervals))
            if installed:
                theirs.append(auto_rows(Path(folder), options.intervals))
    show(table(ours, theirs, options.intervals))
    loading, model, everything, wall = fresh()
    say(
        f"\nIn a new process: import {loading:.2f} s, symbolic model to compiled functions "
        f"{model:.2f} s, the whole diagram with both {everything:.2f} s CPU, {wall:.2f} s wall."
    )
    if installed:
        compiling = theirs[0]["compile"]
        say(f"AUTO compiles its equations in {compiling[0]:.2f} s CPU, {compiling[1]:.2f} s wall.")


if __name__ == "__main__":
    main()
