"""Settings of the phase diagrams."""

from dataclasses import dataclass
from typing import Final

from simulations.engine.device import check_device, main_memory
from simulations.study.lattice import GREATEST
from theory.common.errors import UserError
from theory.common.settings import check_integer, check_number
from theory.published import figure_4_7

_PUBLISHED = figure_4_7().problem
_BYTES_PER_START: Final = 1000
_GIB: Final = 2**30
# Some million starts with orbits ten times as long would take days.
_LONGEST_ORBIT: Final = 1_000_000


@dataclass(frozen=True)
class PhaseDiagram:
    """Draw where GD is more robust and where signGD is, over r, |B(0)|/|A(0)| and w̃2(0).

    By the closed form from two million starts, and by simulation; both are held against the exact
    condition. Writes the figure, its numbers and a report; prints what they say.

    Exit codes: 0 done; 1 the two ways disagree where they may not; 2 a setting or folder that
    cannot be used; 130 interrupted.
    """

    points: int = 1000
    """Points along each axis of a diagram."""
    size: int = 64
    """|A(0)|/(σ̃0²η) in the diagrams; half the learning rate doubles it."""
    r_range: tuple[float, float] = (0.05, 5.0)
    """Least and greatest σ̃1²/σ̃0²."""
    q_range: tuple[float, float] = (0.1, 10.0)
    """Least and greatest |B(0)|/|A(0)|."""
    w2: float = 0.1
    """|w̃2(0)|/‖w̃*‖ in the second diagram over r and q, where signGD moves w̃2 towards 0."""
    r: float = 0.25
    """σ̃1²/σ̃0² in the diagram over w̃2(0); 1/4 in Figure 4.7."""
    w2_span: float = 1.5
    """Greatest |w̃2(0)|/‖w̃*‖ in the diagram over w̃2(0), and of the random starts."""
    sizes: tuple[int, ...] = (16, 64, 256, 1024, 4096, 16384)
    """Sizes |A(0)|/(σ̃0²η) of the random starts, points² at each."""
    sigma0_sq: float = float(_PUBLISHED.sigma_tilde_sq[0])
    """Variance σ̃0²; only σ̃0²/ε² matters."""
    epsilon: float = float(_PUBLISHED.epsilon)
    """Radius of the l2 ball of perturbations."""
    seed: int = 0
    """Seed of the random starts, and of the signs and phases of the others."""
    device: str = "auto"
    """Where to run: auto, cpu or gpu."""

    def check(self) -> None:
        """Check every setting, before long work starts.

        Raises:
            UserError: a setting is out of its range; the message says what was expected.

        """
        for name, least in (("points", 2), ("size", 4), ("seed", 0)):
            check_integer(name, getattr(self, name), least)
        if not self.sizes or min(self.sizes) < 4:
            raise UserError(f"sizes: expected one or more integers >= 4, got {self.sizes}")
        for name in ("r_range", "q_range"):
            low, high = getattr(self, name)
            if not 1e-4 <= low < high <= 1e4:
                raise UserError(
                    f"{name}: expected two increasing numbers from 1e-4 to 1e4, got {low}, {high}"
                )
        for name in ("r", "w2", "w2_span", "sigma0_sq", "epsilon"):
            check_number(name, getattr(self, name), 1e-4, 1e4)
        self._check_sizes()
        check_device(self.device)

    def _check_sizes(self) -> None:
        greatest = (max(self.size, *self.sizes) + 1) * max(1.0, self.q_range[1])
        if greatest > GREATEST:
            raise UserError(
                "size, sizes, q_range: expected |A(0)| and |B(0)| of at most "
                f"{GREATEST:.3g} σ̃0²η, got {greatest:.3g} σ̃0²η"
            )
        longest = (self.size + 1) * (3 + self.q_range[1] / min(self.r, self.r_range[0]))
        if longest > _LONGEST_ORBIT:
            raise UserError(
                "size, q_range, r_range, r: expected orbits of at most "
                f"{_LONGEST_ORBIT:.3g} steps, (3 + q/r) times the size, got {longest:.3g}"
            )
        needed = self.points**2 * _BYTES_PER_START
        if needed > main_memory():
            raise UserError(
                f"points: expected diagrams that fit into the {main_memory() / _GIB:.1f} GiB of "
                f"memory of this machine, got {self.points}² points, which take about "
                f"{needed / _GIB:.1f} GiB. Take fewer points"
            )
