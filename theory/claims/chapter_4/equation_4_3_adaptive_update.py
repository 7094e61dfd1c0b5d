"""Equations (4.2) and (4.3): the adaptive update without memory, and signGD.

One coordinate: weight w, gradient g, memories m and v, learning rate η.
"""

import sympy as sp

from theory.logic.arguments import all_of, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.adaptive import Memory, denominator, is_update, remember

_g, _w, _m = sp.symbols("g w m", real=True)
_v, _epsilon = sp.symbols("v epsilon", nonnegative=True)
_eta, _t = sp.symbols("eta t", positive=True)
_beta2 = 1 / (1 + _t)  # any number in (0, 1)
_g_1, _g_2 = sp.symbols("g_1 g_2", real=True)
_V_1, _V_2 = sp.symbols("V_1 V_2", positive=True)
_root_q = sp.Symbol("rho", positive=True)

_memory = Memory(_m, _v)
_memoryless = remember(_memory, _g, 1, 1)
_square_mean = remember(_memory, _g, 1, _beta2).v
_signgd = -_eta * sp.sign(_g)


def _is_scaled_gradient(scale: sp.Expr) -> sp.logic.boolalg.Boolean:
    """Condition under which signGD's change −η sign(g) is −η⃗g with η⃗ = η/``scale``."""
    return sp.And(sp.Ne(scale, 0), sp.Eq(_signgd * scale, -_eta * _g))


# Adam divides the memories by p = 1 − (1 − β1)ᵗ and q = 1 − (1 − β2)ᵗ before it uses them. (4.2)
# makes the same step with the rate η'(t) if η'm/(√v + ε) = η(m/p)/(√(v/q) + ε), and η'(t) may
# depend on t but not on v. Below q = ρ² and v = qV².
def _rate_for(V: sp.Symbol, epsilon: sp.Expr = _epsilon) -> sp.Expr:
    """Rate η'p/η with which (4.2), with ``epsilon``, makes the step of Adam at the memory qV²."""
    seen, corrected = Memory(_m, _root_q**2 * V**2), Memory(_m, V**2)
    return denominator(seen, epsilon) / denominator(corrected, _epsilon)


_same_rate = sp.Eq(_rate_for(_V_1), _rate_for(_V_2), evaluate=False)
_difference = _epsilon * (1 - _root_q) * (_V_2 - _V_1) / ((_V_1 + _epsilon) * (_V_2 + _epsilon))

CLAIMS = (
    Claim(
        id="4.3.1",
        where="§4.2.1, (4.3), first line",
        says="With β1 = β2 = 1 and ε = 0 the update (4.2) is that of signGD, −η sign(g).",
        published=lambda: for_all(is_update(_signgd, _memoryless, _eta, 0)),
        correction="It is at coordinates with g ≠ 0; at g = 0 the update is 0/0.",
        corrected=lambda: exactly_if(sp.Ne(_g, 0), is_update(_signgd, _memoryless, _eta, 0)),
        only_if="g_i ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of gradients. signGD with sign(0) = 0 extends "
        "the update to it. The β here weigh the new gradient: in the "
        "convention of Adam's authors, where they weigh the old memory, the case is β1 = β2 = 0.",
    ),
    Claim(
        id="4.3.2",
        where="§4.2.1, (4.3), second line",
        says="signGD is gradient descent with the coordinate-wise learning rate η/|g_i|.",
        published=lambda: for_all(_is_scaled_gradient(sp.Abs(_g))),
        correction="It is at coordinates with g ≠ 0; the rate has no value at g = 0.",
        corrected=lambda: exactly_if(sp.Ne(_g, 0), _is_scaled_gradient(sp.Abs(_g))),
        only_if="g_i ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of gradients.",
    ),
    Claim(
        id="4.3.3",
        where="§4.2.1, after (4.3)",
        says="The coordinate-wise learning rate is based on the absolute value of the weight.",
        published=lambda: for_all(_is_scaled_gradient(sp.Abs(_w)), sp.Ne(_g, 0), sp.Ne(_w, 0)),
        correction="It is based on the absolute value of the gradient, as its formula says.",
        corrected=lambda: for_all(_is_scaled_gradient(sp.Abs(_g)), sp.Ne(_g, 0)),
        slip="'weight' stands for 'gradient', twice",
        expects=Status.REFUTED,
    ),
    Claim(
        id="4.3.4",
        where="§4.2.1, after (4.3)",
        says="A parameter with a smaller gradient has a larger learning rate.",
        published=lambda: for_all(
            _eta / sp.Abs(_g_1) > _eta / sp.Abs(_g_2), sp.Ne(_g_1, 0), sp.Abs(_g_1) < sp.Abs(_g_2)
        ),
        expects=Status.PROVED,
        note="Gradients compared by absolute value, the smaller one not zero.",
    ),
    Claim(
        id="4.3.5",
        where="§4.2.1, before (4.3)",
        says="With β1 = β2 = 1 the update keeps no memory: m and v are those of this gradient.",
        published=lambda: all_of(
            "β1 = β2 = 1:  m(t+1) = g and v(t+1) = g², whatever m(t) and v(t)",
            {
                "first-order memory": equal(_memoryless.m, _g),
                "second-order memory": equal(_memoryless.v, _g**2),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.3.6",
        where="§4.2.1, after (4.2)",
        says="RMSProp, −ηg/(√v + ε) with v a running mean of g², is (4.2) with β1 = 1.",
        published=lambda: all_of(
            "β1 = 1:  m(t+1) = g, and v(t+1) = β2 g² + (1 − β2) v(t)",
            {
                "no first-order memory": equal(remember(_memory, _g, 1, _beta2).m, _g),
                "a running mean": Statement(
                    sp.And(_square_mean >= sp.Min(_v, _g**2), _square_mean <= sp.Max(_v, _g**2))
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.3.7",
        where="§4.2.1, after (4.2)",
        says="Adam is (4.2) with β1, β2 in (0, 1), for some learning rates η(t) and the same ε.",
        published=lambda: for_all(_same_rate, _root_q < 1),
        correction="Bias correction, with factors p = 1 − (1 − β1)ᵗ and q = 1 − (1 − β2)ᵗ < 1, is "
        "a change of η(t) if and only if ε = 0; then η'(t) = η√q/p.",
        corrected=lambda: all_of(
            "0 < q < 1, v1 ≠ v2:  one η'(t) serves both memories if and only if ε = 0, "
            "or if (4.2) has ε√q(t) for ε",
            {
                "ε√q for ε": Statement(
                    equal(_rate_for(_V_1, _epsilon * _root_q), _root_q), (_root_q < 1,)
                ),
                "ε = 0": Statement(
                    equal(_rate_for(_V_1).subs(_epsilon, 0), _root_q), (_root_q < 1,)
                ),
                "rates at two memories": equal(_rate_for(_V_1) - _rate_for(_V_2), _difference),
                "ε > 0": Statement(
                    sp.Ne(sp.numer(_difference), 0), (_root_q < 1, _epsilon > 0, sp.Ne(_V_1, _V_2))
                ),
            },
        ),
        only_if="ε = 0, or Adam's bias correction is left out",
        expects=Status.REFUTED,
        note="Without its bias correction Adam is (4.2) by definition; 1 − q falls as (1 − β2)ᵗ. "
        "With the correction it is (4.2) with an ε that changes with t, as ε√q.",
    ),
)
