"""Figures of sweeps of one or two parameters."""

import numpy as np
import pytest
from matplotlib.colors import LogNorm

from simulations.engine.rules import KINDS
from simulations.sweep.draw import _COLOURS, _scale, caption, draw
from simulations.sweep.grid import Axis
from tests.simulations.sweep.fake import DIMENSIONS, RATES, RULES, summary


def panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def test_one_number_is_a_line_with_a_band():
    found = summary(Axis("d", (64, 3, 16)))
    figure = draw(found)
    assert [axes.get_xlabel() for axes in panels(figure)] == ["dimension d"] * 3
    titles = ("Rₐ / Rₐ of GD's limit", "standard risk", "‖Δw̃‖ at irrelevant frequencies")
    for axes, title, name in zip(
        panels(figure), titles, ("ratio", "standard_risk", "movement"), strict=True
    ):
        assert axes.get_title(loc="left") == title
        (x, y) = axes.lines[0].get_data()
        assert list(x) == [3, 16, 64]
        assert list(y) == found.median(name)[[1, 2, 0]].tolist()
        heights = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert heights.min() == found.quartiles[name][0].min()
        assert heights.max() == found.quartiles[name][2].max()


def test_a_name_and_a_number_are_a_line_for_each_name():
    found = summary(RULES, RATES)
    figure = draw(found)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == list(RULES.values)
    assert panels(figure)[0].lines[1].get_ydata().tolist() == found.median("ratio")[3:6].tolist()


def test_lines_of_all_rules_can_be_told_apart():
    figure = draw(summary(Axis("rule", tuple(KINDS)), DIMENSIONS))
    lines = panels(figure)[0].lines[: len(KINDS)]
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}) == len(
        KINDS
    )
    assert {line.get_color() for line in lines} == set(_COLOURS)


def test_one_name_is_dots():
    found = summary(RULES, Axis("d", (3,)))
    axes = panels(draw(found))
    assert [text.get_text() for text in axes[0].get_yticklabels()] == list(RULES.values)
    (dots,) = [line for line in axes[0].lines if line.get_marker() == "o"]
    assert dots.get_xdata().tolist() == found.median("ratio").tolist()


def test_rules_with_rates_of_their_own_are_lines_over_them():
    names = ("GD@1.0", "Adam@0.1 beta1=0.3333333333333333", "GD@0.1", "signGD@0.01")
    found = summary(Axis("rule", names))
    figure = draw(found)
    (legend,) = figure.legends
    assert "against the learning rates of each rule; medians" in caption(found)
    assert [text.get_text() for text in legend.texts] == ["GD", "Adam beta1=0.333", "signGD"]
    assert [axes.get_xlabel() for axes in panels(figure)] == ["learning rate η"] * 3
    lines = panels(figure)[0].lines[:3]
    median = found.median("ratio").tolist()
    assert [list(line.get_xdata()) for line in lines] == [[0.1, 1.0], [0.1], [0.01]]
    assert [list(line.get_ydata()) for line in lines] == [
        [median[2], median[0]],
        [median[1]],
        [median[3]],
    ]


@pytest.mark.parametrize("names", [("GD@1.0", "Adam@0.1"), ("GD@1.0", "GD@0.1", "Adam")])
def test_rules_with_one_rate_each_or_without_are_dots(names):
    found = summary(Axis("rule", names))
    axes = panels(draw(found))
    assert "against rule; medians" in caption(found)
    shown = [text.get_text() for text in axes[0].get_yticklabels()]
    assert shown == [name.removesuffix(".0") for name in names]


def test_two_numbers_are_heat_maps_with_grey_where_nothing_is_finite():
    found = summary(DIMENSIONS, RATES, failing=[4])
    figure = draw(found)
    (image,) = panels(figure)[0].images
    shown = image.get_array()
    assert shown.shape == (4, 3)
    assert np.ma.getmaskarray(shown).nonzero() == (np.array([1]), np.array([1]))
    assert shown[3, 2] == found.median("ratio")[11]
    assert isinstance(image.norm, LogNorm)
    assert image.norm.vmin * image.norm.vmax == pytest.approx(1)
    assert [axes.get_xlabel() for axes in panels(figure)] == ["learning rate η"] * 3
    assert panels(figure)[0].get_ylabel() == "dimension d"
    assert figure.get_suptitle() == "Medians over 8 seeds; grey where no run stayed finite"
    assert "grey" not in draw(summary(DIMENSIONS, RATES)).get_suptitle()


def unlearnt(*axes, at):
    found = summary(*axes, failing=[0])
    found.quartiles["standard_share"][:, at] = 0.5
    return found


def test_points_that_have_not_learnt_are_hollow():
    for axes in ((RATES,), (RULES,), (RULES, RATES)):
        figure = draw(unlearnt(*axes, at=[1]))
        assert figure.get_suptitle().endswith("; hollow: the task is not learnt")
        for panel in panels(figure):
            hollow = [line for line in panel.lines if line.get_markerfacecolor() == "white"]
            assert sum(len(line.get_xdata()) for line in hollow) == 1
        assert "hollow" not in draw(summary(*axes, failing=[0])).get_suptitle()


def test_what_diverges_does_not_hide_the_rest():
    found = summary(RULES, RATES)
    found.quartiles["standard_share"][:, 8] = 1.5
    for name in ("ratio", "standard_risk", "movement"):
        found.quartiles[name][:, 8] = 1e180
    figure = draw(found)
    assert figure.get_suptitle().endswith("; cut off at 10 times the rest")
    for panel, name in zip(panels(figure), ("ratio", "standard_risk", "movement"), strict=True):
        (last,) = [line for line in panel.lines if line.get_label() == "Adam"]
        rest = found.quartiles[name][2, :8].max()
        assert last.get_ydata()[2] == pytest.approx(10 * rest)
    # Large values of points that are no worse than zero weights are no divergence.
    found.quartiles["standard_share"][:, 8] = 1.0
    assert "cut off" not in draw(found).get_suptitle()


def test_the_figure_says_from_where_standard_risks_are_drawn():
    found = summary(RULES, RATES)
    assert "of the greatest" not in draw(found).get_suptitle()
    found.quartiles["standard_risk"][:, 8] = 1e-30
    figure = draw(found)
    assert (
        figure.get_suptitle()
        .replace("\n", " ")
        .endswith("; standard risks below 1e-12 of the greatest are drawn there")
    )
    (last,) = [line for line in panels(figure)[1].lines if line.get_label() == "Adam"]
    greatest = found.quartiles["standard_risk"].max()
    assert last.get_ydata()[2] == pytest.approx(1e-12 * greatest)


def test_cells_that_have_not_learnt_are_crossed():
    figure = draw(unlearnt(RATES, DIMENSIONS, at=[1, 6]))
    assert figure.get_suptitle().endswith("; × where the task is not learnt")
    for panel in panels(figure):
        (crosses,) = panel.lines
        # (row, column) of points 1 and 6, of 4 in a row.
        assert [*zip(crosses.get_ydata(), crosses.get_xdata(), strict=True)] == [(0, 1), (1, 2)]


def test_two_names_are_heat_maps():
    figure = draw(summary(RULES, Axis("schedule", ("constant", "cosine"))))
    assert panels(figure)[0].images[0].get_array().shape == (3, 2)


@pytest.mark.parametrize("axes", [(), (RULES, RATES, DIMENSIONS)])
def test_no_parameters_or_three_are_not_drawn(axes):
    assert draw(summary(*axes)) is None


def test_wide_risks_have_logarithmic_axes_and_a_floor():
    found = summary(RATES)
    found.quartiles["standard_risk"][:] = [[1e-40, 1e-3, 1.0]] * 3
    axes = panels(draw(found))[1]
    assert axes.get_yscale() == "log"
    assert axes.lines[0].get_ydata().tolist() == [1e-12, 1e-3, 1.0]


def test_what_never_was_finite_or_is_zero_can_be_drawn():
    for axes in ((RATES,), (RULES,), (RATES, DIMENSIONS), (RULES, RATES)):
        points = int(np.prod([len(axis) for axis in axes]))
        draw(summary(*axes, failing=range(points)))
        zero = summary(*axes)
        for values in zero.quartiles.values():
            values[:] = 0
        draw(zero).draw_without_rendering()


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ((3, 16, 64), "log"),
        ((0.001, 0.01, 0.1), "log"),
        ((1, 1000), "log"),
        (range(1, 101), "linear"),
        ((1, 2, 3), "linear"),
        ((0, 1e-4, 1e-3, 1e-2), "symlog"),
        ((0, 1, 2, 3), "linear"),
        ((-1, 1, 100), "linear"),
        ((0,), "linear"),
    ],
)
def test_scales(values, scale):
    assert _scale(np.array(values, float)) == scale


def test_the_caption_names_what_is_swept():
    assert "against rule and learning_rate; medians over 8 seeds" in caption(summary(RULES, RATES))
