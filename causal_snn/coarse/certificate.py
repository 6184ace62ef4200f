"""Certificate: what was proved about a threshold, in a form another program can check."""

from __future__ import annotations

from dataclasses import dataclass

from causal_snn.coarse.verify import check
from causal_snn.kernel import EffectKernel


@dataclass(frozen=True, slots=True)
class Certificate:
    """Bounds on the best worst-case diameter of any two-cell partition of a declared domain.

    Attributes
    ----------
    threshold : float
        The threshold T certified (mV).
    upper : float
        The worst within-cell diameter with this T.
    lower : float
        No two-cell threshold partition has a smaller worst diameter. All p_c increase
        with the score, so a cell is as wide as its interval hull and thresholds suffice.
    method : str
        How T was found.
    domain : (float, float)
        Range of scores covered (mV).
    midpoints : tuple of float
        m_c of every context covered (mV).
    interval : bool
        Whether every context between the least and greatest midpoint is covered too.
    scale : float
        Width s of the transition (mV).
    bracket : (float, float)
        Scores around T at which the lower bound was evaluated (mV).
    distance : str
        The distance between effects.
    """

    threshold: float
    upper: float
    lower: float
    method: str
    domain: tuple[float, float]
    midpoints: tuple[float, ...]
    interval: bool
    scale: float
    bracket: tuple[float, float]
    distance: str = "total variation"

    @property
    def gap(self) -> float:
        """How far this T can be from the best, upper - lower."""
        return self.upper - self.lower

    def verify(self, kernel: EffectKernel | None = None, *, tolerance: float = 1e-12) -> bool:
        """Return whether the bounds hold, recomputed by an independent checker.

        Parameters
        ----------
        kernel : EffectKernel, optional
            Also check that the certificate is about this kernel: all its contexts, its
            width, and no others. Without it the contexts are taken as stated.
        tolerance : float
            Rounding allowed in the bounds.
        """
        if kernel is not None and not (
            sorted(self.midpoints) == sorted(float(m) for m in kernel.midpoints)
            and self.scale == kernel.scale
            and self.interval == (kernel.contexts.kind == "interval")
        ):
            return False
        return self.distance == "total variation" and check(
            threshold=self.threshold,
            upper=self.upper,
            lower=self.lower,
            domain=self.domain,
            midpoints=self.midpoints,
            interval=self.interval,
            scale=self.scale,
            bracket=self.bracket,
            tolerance=tolerance,
        )
