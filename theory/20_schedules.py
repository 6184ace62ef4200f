"""One tick as the micro-steps of hardware that is shared in time.

n units x_i with next states f_i(x_0, ..., x_{n-1}), run by one accumulator: in micro-step j < n the
accumulator takes f_j of the memory cells, while buffer j - 1 takes the accumulator; in micro-step n
every cell takes its buffer, the last one the accumulator. A counter tells the micro-step and hangs
on nothing else. The f_i stay symbols, so that what is shown holds for every network; where a claim
is about graphs, every case up to a size is gone through. Run this file to prove T1-T8.
"""

import importlib
import itertools
from collections.abc import Iterator

import sympy as sp

from proof import Formulas, Results, equal, report

n, total = sp.symbols("n E", integer=True, positive=True)
Graph = frozenset[tuple[str, str]]
directed_cuts = importlib.import_module("15_minimum_partition").directed_cuts


def laws(size: int) -> list[sp.Function]:
    """f_0, ..., f_{n-1}, of which nothing is known."""
    return list(sp.symbols(f"f0:{size}", cls=sp.Function))


def double_buffer(size: int) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The cells at the start of a round, whatever else holds, and after its n + 1 micro-steps."""
    f = laws(size)
    start = list(sp.symbols(f"x0:{size}"))
    cells, accumulator = start, sp.Symbol("a")
    buffer = list(sp.symbols(f"b0:{size - 1}")) if size > 1 else []
    for step in range(size + 1):
        value = f[step](*cells) if step < size else sp.Integer(0)
        taken = [accumulator if step == i + 1 < size else b for i, b in enumerate(buffer)]
        moved = [*buffer, accumulator] if step == size else cells
        cells, buffer, accumulator = moved, taken, value
    return start, cells


def in_place(size: int) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The cells before and after a round that writes each result at once."""
    f = laws(size)
    start = list(sp.symbols(f"x0:{size}"))
    cells = list(start)
    for i in range(size):
        cells[i] = f[i](*cells)
    return start, cells


def tick_by_rounds() -> Formulas:
    """With a double buffer n + 1 micro-steps are one tick, for every network.

    Checked with f_i as symbols for 1 to 7 units: after a round cell i is f_i(x_0, ..., x_{n-1}),
    free of what buffer and accumulator held. If the accumulator is drawn with probability f_i,
    draws are independent given x, so the law of the cells is the product that the tick has.
    """
    for size in range(1, 8):
        start, cells = double_buffer(size)
        for f, cell in zip(laws(size), cells, strict=True):
            equal(cell, f(*start))
            assert cell.free_symbols <= set(start)
    return {"micro_steps": n + 1}


def in_place_differs() -> Formulas:
    """In place, unit i sees the new states of units before it: another map in general.

    Cell i becomes f_i(y_0, ..., y_{i-1}, x_i, ...) of results y. It is the tick if no unit hangs
    on an earlier one. Of the 256 deterministic networks of two units the maps agree for 100:
    for each b either f_0(a, b) = a, with any of 4 f_1(., b), or f_0 is one of 3 others and
    f_1(., b) one of 2 that do not hang on a; so (4 + 3 * 2)^2. Copying each other is not
    among them.
    """
    start, cells = in_place(3)
    f = laws(3)
    y0 = f[0](*start)
    y1 = f[1](y0, *start[1:])
    for cell, claimed in zip(cells, (y0, y1, f[2](y0, y1, start[2])), strict=True):
        equal(cell, claimed)
    states = list(itertools.product((0, 1), repeat=2))
    same = 0
    for first, second in itertools.product(itertools.product((0, 1), repeat=4), repeat=2):
        f0, f1 = dict(zip(states, first, strict=True)), dict(zip(states, second, strict=True))
        same += all(f1[f0[a, b], b] == f1[a, b] for a, b in states)
    equal(sp.Integer(same), (4 + 3 * 2) ** 2)
    swap = [(b, b) for a, b in states]  # A takes B, then B takes the new A
    assert swap != [(b, a) for a, b in states]
    return {"agreeing": sp.Integer(same)}


def size_of_machine() -> Formulas:
    """The machine has 2n units and ceil(log2(n + 1)) of the counter.

    n cells, n - 1 buffers, one accumulator: the last unit's result needs no buffer, since it is
    in the accumulator when all are copied. The counter must tell n + 1 micro-steps apart.
    """
    equal(n + (n - 1) + 1, 2 * n)
    for size in range(1, 40):
        bits = size.bit_length()
        assert 2 ** (bits - 1) < size + 1 <= 2**bits
    return {"units": 2 * n + sp.ceiling(sp.log(n + 1, 2))}


def strongly_connected(size: int, edges: set[tuple[int, int]]) -> bool:
    """Whether every unit reaches every other."""
    for start in range(size):
        seen, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            for a, b in edges:
                if a == here and b not in seen:
                    seen.add(b)
                    waiting.append(b)
        if len(seen) < size:
            return False
    return True


def reducible() -> Formulas:
    """phi_s = 0 if the effects of a system are not strongly connected, its background held.

    Then some directed partition cuts only connections that do not exist: no unit's effect
    probability changes, phi_e = 0, and phi = min(phi_c, phi_e) is 0 there, the least a
    partition can lose. Gone through for every graph of 2, 3 and 4 units and every directed
    partition: there is such a partition if and only if the graph is not strongly connected.
    """
    checked = 0
    for size in (2, 3, 4):
        cuts = [
            {(j, i) for i in range(size) for j in range(size) if j not in kept[i]}
            for kept in directed_cuts(size)
        ]
        pairs = list(itertools.permutations(range(size), 2))
        for bits in range(2 ** len(pairs)):
            edges = {pair for k, pair in enumerate(pairs) if bits >> k & 1}
            harmless = any(not edges & cut for cut in cuts)
            assert harmless is not strongly_connected(size, edges)
            checked += 1
    assert checked == 2**2 + 2**6 + 2**12
    return {"graphs": sp.Integer(checked)}


def wiring(size: int, step: int | None) -> Graph:
    """Who acts on whom among cells, buffers and accumulator: in one micro-step, or in any.

    Every unit of the network hangs on every unit, the worst case.
    """
    cells, buffer = [f"x{i}" for i in range(size)], [f"b{i}" for i in range(size - 1)]
    edges: set[tuple[str, str]] = set()
    for now in range(size + 1) if step is None else [step]:
        if now < size:
            edges |= {(x, "a") for x in cells} | {(x, x) for x in cells}
        else:
            edges |= set(zip([*buffer, "a"], cells, strict=True))
        edges |= {("a", b) if now == i + 1 < size else (b, b) for i, b in enumerate(buffer)}
    return frozenset(edges)


def cycles(edges: Graph) -> Iterator[set[str]]:
    """Sets of two or more units that reach one another."""
    units = sorted({unit for edge in edges for unit in edge})
    reach = {(a, b) for a, b in edges} | {(u, u) for u in units}
    for k, a, b in itertools.product(units, repeat=3):
        if (a, k) in reach and (k, b) in reach:
            reach.add((a, b))
    for u in units:
        found = {w for w in units if (u, w) in reach and (w, u) in reach}
        if len(found) > 1 and min(found) == u:
            yield found


def single_complexes() -> Formulas:
    """Outside the counter no complex has more than one unit, in any micro-step, for any network.

    The counter acts on the rest and nothing acts back, so a system with units of both is not
    strongly connected (T4): phi_s of the whole machine is 0. Without the counter it is
    background, held at a micro-step, and then the rest has no cycle but of units on
    themselves, though over a whole round it has one: for 2 to 6 units, each on all.
    """
    for size in range(2, 7):
        for step in range(size + 1):
            assert not list(cycles(wiring(size, step)))
        (all_of_them,) = cycles(wiring(size, None))
        assert len(all_of_them) == 2 * size
    return {"largest_complex": sp.Integer(1)}


def no_grouping() -> Formulas:
    """No grouping, a memory cell in each macro unit, has the table if two units hang on others.

    Only the accumulator reads the cells of more than one unit; a buffer reads itself and the
    accumulator, a cell itself and its buffer or the accumulator, the counter itself. A macro
    unit keeps over the window what its own constituents do, and the accumulator is a
    constituent of one at most. Apportioned to another as background, it keeps only what it
    reads of that one; else it is noise. So all columns but one hang on no other cell, and the
    table is wrong if two units of the network hang on others. Wiring: for 2 to 6 units.
    """
    for size in range(2, 7):
        for target in {b for _, b in wiring(size, None)} - {"a"}:
            read = {a for a, b in wiring(size, None) if b == target and a.startswith("x")}
            assert read <= {target}, (target, read)
    return {"columns_that_can_be_right": sp.Integer(1)}


def concurrency() -> Formulas:
    """One micro-step carries out at most (greatest in-degree) / E of a tick's E interactions.

    By unit, micro-step j reads what f_j hangs on; by synapse, one. Each interaction is carried
    out once in a round, so the shares add up to 1 and the greatest is at least 1/n by unit.
    """
    degrees = sp.symbols("d0:5", nonnegative=True)
    equal(sum(d / sum(degrees) for d in degrees), sp.Integer(1))
    for size in (1, 2, 3, 4):
        for found in itertools.product(range(size + 1), repeat=size):
            assert size * max(found) >= sum(found)
    return {"by_synapse": 1 / total, "all_to_all": sp.simplify(n / n**2)}


def law_with_unknown_counter() -> Formulas:
    """With the counter unknown the cells' law is no longer a product, and not the tick's.

    n = 1, f = not: started at micro-step 0 a round gives f(x); at 1 the cell takes the
    accumulator's old value first, noise, and keeps it for the rest of the round. Each start
    alike: P(on | x) = (1 - x)/2 + 1/4, where the tick has 1 - x.
    """
    x, a = sp.symbols("x a")
    after = []
    for start in (0, 1):
        cell, accumulator = x, a
        for step in (start, (start + 1) % 2):
            value = 1 - cell if step == 0 else sp.Integer(0)
            cell, accumulator = (accumulator if step == 1 else cell), value
        after.append(cell)
    equal(after[0], 1 - x)
    equal(after[1], a)
    chance = sum(one.subs(a, sp.Rational(1, 2)) for one in map(sp.sympify, after)) / 2
    equal(chance, (1 - x) / 2 + sp.Rational(1, 4))
    return {"p_on": chance}


RESULTS: Results = {
    "T1": tick_by_rounds,
    "T2": in_place_differs,
    "T3": size_of_machine,
    "T4": reducible,
    "T5": single_complexes,
    "T6": no_grouping,
    "T7": concurrency,
    "T8": law_with_unknown_counter,
}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
