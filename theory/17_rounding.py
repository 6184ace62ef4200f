"""A leak in whole numbers: what rounding makes of x -> x (N - d)/N, N = 2^k.

x is an integer register and 1 <= d <= N, so that without rounding x decays to 0. Written with
ceil, each rounding takes off whole numbers: everything here follows from that. Each result is
also checked by exhaustion: every d for N to 32, every x to 4 N. Run this file to prove R1-R11.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator

import sympy as sp

from proof import Formulas, Results, equal, positive, report

x, c, m = sp.symbols("x c m", integer=True)
p, d, N, M, b, k, f, h = sp.symbols("p d N M b k f h", integer=True, positive=True)
theta, n = sp.symbols("theta n", integer=True, positive=True)
q = sp.Symbol("q", real=True)  # x d/N
X = sp.Symbol("X", positive=True)
LOG3 = sp.log(3, 2)
SMALL = (2, 4, 8, 16, 32)
type Rounding = Callable[[int, int], int]


def to_zero(num: int, den: int) -> int:
    """num/den truncated toward zero."""
    return num // den if num >= 0 else -(-num // den)


def down(num: int, den: int) -> int:
    """num/den rounded down."""
    return num // den


def half_up(num: int, den: int) -> int:
    """num/den rounded to nearest, ties up."""
    return (2 * num + den) // (2 * den)


def half_away(num: int, den: int) -> int:
    """num/den rounded to nearest, ties away from zero."""
    return half_up(num, den) if num >= 0 else -half_up(-num, den)


def cases(most: int = 4) -> Iterator[tuple[int, int, range]]:
    """Every small N and d, with the states from -most N to most N."""
    for size in SMALL:
        for loss in range(1, size + 1):
            yield size, loss, range(-most * size, most * size + 1)


def holds(fact: bool, *where: object) -> None:
    """Settle one case of an exhaustion."""
    if not fact:
        msg = f"not so at {where}"
        raise AssertionError(msg)


def at(expr: sp.Expr, **values: int) -> sp.Expr:
    """A formula at whole numbers, exactly."""
    return expr.subs({symbol: values[symbol.name] for symbol in expr.free_symbols})


def frozen(rounding: Rounding, drive: int = 0) -> Iterator[tuple[int, int, list[int]]]:
    """Every small N and d with the fixed points of x -> round(x (N - d)/N) + drive."""
    reach = 4 + abs(drive) * 2
    for size, loss, _ in cases():
        top = reach * size
        kept = size - loss
        yield (
            size,
            loss,
            [s for s in range(-top, top + 1) if rounding(s * kept, size) + drive == s],
        )


def truncation() -> Formulas:
    """Toward zero: tz(x (N - d)/N) = x - sgn(x) ceil(|x| d/N), and 0 is the only fixed point.

    For x >= 0, floor(x - x d/N) = x - ceil(x d/N), as floor(m - q) = m - ceil(q); tz is odd. What
    is taken off is 0 iff |x| d/N <= 0, that is x = 0.
    """
    equal(sp.floor(x - q), (x - sp.ceiling(q)).rewrite(sp.floor))
    for size, loss, states in cases():
        for s in states:
            taken = -(-abs(s) * loss // size)
            holds(to_zero(s * (size - loss), size) == s - (taken if s > 0 else -taken), s)
    for size, loss, fixed in frozen(to_zero):
        holds(fixed == [0], size, loss)
    return {"step": x - sp.sign(x) * sp.ceiling(sp.Abs(x) * d / N), "count": sp.Integer(1)}


def rounding_down() -> Formulas:
    """Down (arithmetic shift): fixed points are all -N/d < x <= 0, ceil(N/d) of them.

    x' = x - ceil(x d/N), and ceil(q) = 0 iff -1 < q <= 0. With N = 4096: d = 128 leaves 32 frozen
    states, d = 1 leaves 4096. The map is monotone, so that x > 0 ends at 0 and x below them at the
    lowest, 1 - ceil(N/d).
    """
    count = sp.ceiling(N / d)
    for size, loss, fixed in frozen(down):
        holds(fixed == list(range(int(1 - at(count, N=size, d=loss)), 1)), size, loss)
    for size, loss, states in cases(2):
        lowest = int(1 - at(count, N=size, d=loss))
        for s in states:
            seen = s
            while (after := down(seen * (size - loss), size)) != seen:
                seen = after
            holds(seen == (0 if s > 0 else max(s, lowest)), size, loss, s)
    equal(at(count, N=4096, d=128), 32)
    equal(at(count, N=4096, d=1), 4096)
    return {"count": count, "lowest": 1 - count}


def nearest() -> Formulas:
    """To nearest, ties up: fixed points are all -N/(2d) < x <= N/(2d); ties away: |x| <= N/(2d).

    x' = floor(x - x d/N + 1/2) = x - ceil(x d/N - 1/2), and ceil(q - 1/2) = 0 iff -1/2 < q <= 1/2:
    floor(N/(2d)) + ceil(N/(2d)) states, 32 at d = 128 and 4096 at d = 1 of N = 4096. Ties away are
    odd in x: 2 floor(N/(2d)) + 1, which is one more where 2d divides N: 33 and 4097.
    """
    half = sp.Rational(1, 2)
    equal(sp.floor(x - q + half), (x - sp.ceiling(q - half)).rewrite(sp.floor))
    width = N / (2 * d)
    up, away = sp.floor(width) + sp.ceiling(width), 2 * sp.floor(width) + 1
    for size, loss, fixed in frozen(half_up):
        holds(all(-size < 2 * loss * s <= size for s in fixed), size, loss)
        holds(len(fixed) == at(up, N=size, d=loss), size, loss)
    for size, loss, fixed in frozen(half_away):
        holds(all(2 * loss * abs(s) <= size for s in fixed), size, loss)
        holds(len(fixed) == at(away, N=size, d=loss), size, loss)
    for loss, counts in ((128, (32, 33)), (1, (4096, 4097))):
        equal(at(up, N=4096, d=loss), counts[0])
        equal(at(away, N=4096, d=loss), counts[1])
    return {"count": up, "count_away": away}


def driven() -> Formulas:
    """A constant drive c > 0 freezes about N/d states under every rounding, truncation too.

    x' = x iff what is taken off is c. Toward zero and down: ceil(x d/N) = c, that is
    (c - 1) N/d < x <= c N/d, floor(c N/d) - floor((c - 1) N/d) states, the float fixed point c N/d
    the highest. To nearest, ties up: (c - 1/2) N/d < x <= (c + 1/2) N/d. So that truncation has
    one fixed point holds for c = 0 alone; a driven neuron stops lower from below than from above.
    """
    whole = sp.floor(c * N / d) - sp.floor((c - 1) * N / d)
    middle = sp.floor((2 * c + 1) * N / (2 * d)) - sp.floor((2 * c - 1) * N / (2 * d))
    ways: list[tuple[Rounding, sp.Expr]] = [(to_zero, whole), (down, whole), (half_up, middle)]
    for (rounding, count), drive in itertools.product(ways, (1, 2)):
        for size, loss, fixed in frozen(rounding, drive):
            holds(len(fixed) == at(count, N=size, d=loss, c=drive), size, loss, drive)
            if rounding is not half_up:
                holds(all((drive - 1) * size < s * loss <= drive * size for s in fixed), size)
    # counts of successive drives lie end to end: N/d on average, N/d exactly where d divides N
    ends = sp.floor((c + 1) * N / d) - sp.floor((c - 1) * N / d)
    equal(whole + whole.subs(c, c + 1), ends)
    equal(whole.subs(N, d * n), n)
    return {"count": whole, "count_nearest": middle}


def shift_decay() -> Formulas:
    """x - (x >> k), by 1 toward zero where the shift gives 0 (Xylo): 0 is the only fixed point.

    x > 0 loses max(1, floor(x/N)), x < 0 gains ceil(|x|/N) >= 1. From |x| <= N it falls by 1 in
    every step: |x| steps to 0, as with truncation at d = 1.
    """

    def step(state: int, size: int) -> int:
        loss = state // size
        return state - (loss if loss else (state > 0) - (state < 0))

    for size in SMALL:
        for s in range(-4 * size, 4 * size + 1):
            holds((step(s, size) == s) == (s == 0), size, s)
            holds(abs(step(s, size)) < abs(s) or s == 0, size, s)
            if 0 < abs(s) <= size:
                holds(abs(step(s, size)) == abs(s) - 1, size, s)
    return {"tail": N}


def transient() -> Formulas:
    """Toward zero, |x| = X > N/d takes at most ceil(ln(X d/N)/-ln(1 - d/N)) + floor(N/d).

    |x'| = floor(|x| (N - d)/N) <= |x| (1 - d/N), so that |x| <= N/d after at most the first number
    of steps; from there ceil(|x| d/N) = 1 and |x| falls by 1 a step. So X <= N/d takes X steps. The
    bound is at most ceil((N/d) ln(X d/N)) + floor(N/d), as -ln(1 - y) >= y. (d = N: one step.)
    """
    y = sp.Symbol("y", positive=True)
    positive((-sp.log(1 - y) - y).diff(y).subs(y, 1 / (1 + X)))  # and 0 at y = 0
    equal((-sp.log(1 - y) - y).subs(y, 0), 0)
    most = sp.ceiling(sp.log(X * d / N) / -sp.log(1 - d / N)) + sp.floor(N / d)
    simple = sp.ceiling(N / d * sp.log(X * d / N)) + sp.floor(N / d)
    for size, loss, _ in cases():
        steps = [0]
        for s in range(1, 4 * size + 1):  # by recursion: a step leads to a smaller state
            steps.append(1 + steps[to_zero(s * (size - loss), size)])
            if s * loss <= size:
                holds(steps[s] == s, size, loss, s)
    for size, loss in itertools.product((16, 64), (1, 3, 8)):
        s = 4 * size
        while s * loss > size:
            seen, count = s, 0
            while seen:
                seen, count = to_zero(seen * (size - loss), size), count + 1
            holds(count <= at(most, X=s, N=size, d=loss) <= at(simple, X=s, N=size, d=loss), s)
            s = s * 3 // 4
    return {"most": most, "simple": simple}


def merged(rounding: Rounding, loss: int, size: int, states: range) -> Counter[int]:
    """How many states are images of 1, 2, 3, ... states."""
    images = Counter(rounding(s * (size - loss), size) for s in states)
    return Counter(images.values())


def information_lost() -> Formulas:
    """Uniform on -M..M, d <= N/2, toward zero: H(X|X') = (4 (ceil(M d/N) - 1) + 3 log2 3)/(2M + 1).

    Neighbours x, x + 1 >= 0 have images that differ by 0 or 1, states two apart by at least
    2 (N - d)/N >= 1 before rounding. So on 0..M there are floor(M (N - d)/N) + 1 images and
    ceil(M d/N) pairs of neighbours merge; -1, 0, 1 meet in 0, all others in twos. c equal states
    cost c log2 c/(2M + 1) bits. It is 2d/N for large M: off by less than 3 log2 3/(2M + 1).
    Over a whole register, -2^(b-1) to 2^(b-1) - 1 with b > k, the loss is 2d/N + (3 log2 3 - 4)/2^b
    toward zero, and 2d/N exactly down. N = 4096: 0.020, 0.0625, 0.1997, 0.5, 1 bits at d = 41, 128,
    409, 1024, 2048.
    """
    pairs = sp.ceiling(M * d / N)
    lost = (4 * (pairs - 1) + 3 * LOG3) / (2 * M + 1)
    limit = 2 * d / N
    for least in (0, 1):  # M d/N <= ceil(M d/N) < M d/N + 1
        equal(sp.limit(lost.subs(pairs, M * d / N + least), M, sp.oo), limit)
        off = sp.expand(sp.simplify((lost.subs(pairs, M * d / N + least) - limit) * (2 * M + 1)))
        equal(off, 4 * least - 4 + 3 * LOG3 - limit)
    for size, loss, _ in cases():
        if 2 * loss > size:
            continue
        for top in (1, 3, size - 1, 2 * size + 1):
            met = merged(to_zero, loss, size, range(-top, top + 1))
            count = int(at(pairs, M=top, N=size, d=loss))
            holds(met[2] == 2 * (count - 1) and met[3] == 1 and max(met) == 3, size, loss, top)
        for half in (size, 4 * size):
            whole = range(-half, half)
            twos = 2 * half * loss // size
            holds(merged(down, loss, size, whole)[2] == twos, size, loss, half)
            met = merged(to_zero, loss, size, whole)
            holds(met[2] == twos - 2 and met[3] == 1, size, loss, half)
    register = limit + (3 * LOG3 - 4) / 2**b
    equal(register, sp.expand((2 * (2**b * d / N - 2) + 3 * LOG3) / 2**b))
    for loss, value in ((41, 0.0200), (128, 0.0625), (409, 0.1997), (1024, 0.5), (2048, 1.0)):
        holds(abs(float(at(limit, N=4096, d=loss)) - value) < 5e-5, loss)
    return {
        "merges": 2 * pairs,
        "pairs": 2 * pairs + 1,
        "lost": lost,
        "register": register,
        "register_down": limit,
    }


def strong_leak() -> Formulas:
    """Any d < N, down, whole register: r log2 r ((r + 1) F - 1) + (r + 1) log2(r + 1) (1 - r F).

    F = (N - d)/N and r = floor(1/F). The states of an image are the integers of an interval of
    length 1/F: r or r + 1 of them, and all images are whole, as -2^(b-1) F is an integer. Their
    numbers per state, n_r + n_(r+1) = F and r n_r + (r + 1) n_(r+1) = 1, follow. For r = 1 this is
    2d/N; where 1/F is whole, log2(1/F).
    """
    F, r = sp.symbols("F r", positive=True)
    few, many = sp.symbols("few many")
    found = sp.solve([few + many - F, r * few + (r + 1) * many - 1], [few, many])
    equal(found[few], (r + 1) * F - 1)
    equal(found[many], 1 - r * F)
    lost = r * sp.log(r, 2) * found[few] + (r + 1) * sp.log(r + 1, 2) * found[many]
    equal(lost.subs({r: 1, F: (N - d) / N}), 2 * d / N)
    equal(sp.simplify(lost.subs(F, 1 / r)), sp.log(r, 2))
    for size, loss, _ in cases():
        if loss == size:
            continue
        kept = sp.Rational(size - loss, size)
        least = int(sp.floor(1 / kept))
        met = merged(down, loss, size, range(-size, size))
        holds(met[least] == 2 * size * found[few].subs({F: kept, r: least}), size, loss)
        holds(met[least + 1] == 2 * size * found[many].subs({F: kept, r: least}), size, loss)
    return {"lost": lost}


def many_spikes() -> Formulas:
    """While v >= theta: v -= theta, at most n times: min(n, max(0, floor(v/theta))) spikes.

    With a strict threshold, v > theta: min(n, max(0, ceil(v/theta) - 1)); floor(v/theta) =
    ceil((v + 1)/theta) - 1 for whole numbers, so both are one division.
    """
    count = sp.Min(n, sp.Max(0, sp.floor(x / theta)))
    strict = sp.Min(n, sp.Max(0, sp.ceiling(x / theta) - 1))
    ways = [(above, sp.lambdify((x, theta, n), e)) for above, e in ((0, count), (1, strict))]
    for level, v, most in itertools.product(range(1, 6), range(-20, 60), (1, 3, 31)):
        holds(v // level == -(-(v + 1) // level) - 1, v, level)
        for above, formula in ways:
            left, spikes = v, 0
            while left >= level + above and spikes < most:
                left, spikes = left - level, spikes + 1
            holds(spikes == formula(v, level, most), v, level, most)
    return {"count": count, "count_strict": strict}


def wrapping() -> Formulas:
    """Two's complement is arithmetic mod 2h: w(x) = x - 2h floor((x + h)/(2h)).

    w(x + 2h m) = w(x) for whole m, and w(x) = x on -h..h - 1. So w(w(x) + y) = w(x + y): a sum may
    be wrapped at its end.
    Adding or taking off one period where x > h or x <= -h (Lava) is the same arithmetic with the
    representatives -h + 1..h, as long as -3h < x <= 3h, and not beyond.
    """
    wrapped = x - 2 * h * sp.floor((x + h) / (2 * h))
    turns = sp.expand((x + h) / (2 * h))
    equal(sp.floor(turns + m) - sp.floor(turns), m)  # so that w(x + 2 h m) = w(x)
    for half in (1, 2, 8):

        def once(s: int, half: int = half) -> int:
            s = s - 2 * half if s > half else s
            return s + 2 * half if s <= -half else s

        for s in range(-5 * half, 5 * half + 1):
            value = int(at(wrapped, x=s, h=half))
            holds(value in range(-half, half) and (value - s) % (2 * half) == 0, s)
            inside = -half < once(s) <= half
            holds(inside == (-3 * half < s <= 3 * half), s)
    return {"wrapped": wrapped}


def int64() -> Formulas:
    """A register of b bits times a factor f <= 2^k, rounded, stays within int64 if b + k <= 63.

    |x| <= 2^(b-1), so that |x f| + 2^(k-1) <= 2^(b+k-1) + 2^(k-1) < 2^63 for b + k <= 63. With a
    factor of at most 2^k - 1, b = k = 32 fits too: SpiNNaker's s16.15 by u0.32.
    """
    highest = 2 ** (b - 1) * f + 2 ** (k - 1)
    lowest = -(2 ** (b - 1)) * f
    for bits in range(1, 63):
        top = at(highest, b=bits, k=63 - bits, f=1 << (63 - bits))
        holds(top < 2**63 and at(lowest, b=bits, f=1 << (63 - bits)) >= -(2**63), bits)
    factor = (1 << 32) - 1
    holds(((1 << 31) - 1) * factor + (1 << 31) < 1 << 63, 32)
    holds(at(lowest, b=32, f=factor) >= -(2**63), 32)
    return {"highest": highest, "lowest": lowest}


RESULTS: Results = {
    "R1": truncation,
    "R2": rounding_down,
    "R3": nearest,
    "R4": driven,
    "R5": shift_decay,
    "R6": transient,
    "R7": information_lost,
    "R8": strong_leak,
    "R9": many_spikes,
    "R10": wrapping,
    "R11": int64,
}


def main() -> None:
    """Prove every result and print it."""
    report(RESULTS)


if __name__ == "__main__":
    main()
