"""Settings of the pictures of the partitions."""

from dataclasses import dataclass
from fractions import Fraction

from theory.common.errors import UserError
from theory.common.settings import check_each_once, check_integer, check_number


@dataclass(frozen=True)
class Partitions:
    """Draw the partitions of Figures 4.8 and 4.9 from their predicates, with orbits and limits.

    Writes both figures, their numbers and a report; prints what they say.

    Exit codes: 0 done; 1 something that had to hold did not; 2 a setting or folder that cannot be
    used; 130 interrupted.
    """

    points: int = 400
    """Points along each axis of a picture."""
    ratios_of_r: tuple[str, ...] = ("1", "1/4")
    """σ̃1²/σ̃0² in the pictures of R: that of Figure 4.8, and that of Figure 4.7."""
    ratios_of_p: tuple[str, ...] = ("1", "1/3", "1/9")
    """σ̃1²/σ̃0² in the pictures of P: those of Figure 4.9, and 1/3 between."""
    reach_of_r: float = 2.4
    """Greatest |B|/(σ̃0²η) in the pictures of R."""
    reach_of_p: float = 5.0
    """Greatest |A|/(σ̃0²η) and |B|/(σ̃0²η) in the pictures of P."""

    def check(self) -> None:
        """Check every setting, before long work starts.

        Raises:
            UserError: a setting is out of its range; the message says what was expected.

        """
        check_integer("points", self.points, 20, 2000)
        for name, least in (("reach_of_r", 1.0), ("reach_of_p", 2.5)):
            check_number(name, getattr(self, name), least, 100)
        for name in ("ratios_of_r", "ratios_of_p"):
            ratios = getattr(self, name)
            check_each_once(name, ratios, "one to four ratios", most=4)
            for ratio in ratios:
                as_ratio(name, ratio)


def as_ratio(name: str, text: str) -> Fraction:
    """Return the ratio that ``text`` means.

    Raises:
        UserError: it is not a number from 1/100 to 10; ``name`` says of which setting.

    """
    try:
        ratio = Fraction(text)
    except (ValueError, ZeroDivisionError):
        ratio = Fraction(0)
    if not Fraction(1, 100) <= ratio <= 10:
        raise UserError(f"{name}: expected ratios from 1/100 to 10, like 1/4, got {text!r}")
    return ratio
