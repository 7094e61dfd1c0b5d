"""Figures: what is drawn is what was measured, and files are written whole."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.text import Text

from nn_experiments.evidence import figures as effects
from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, mean
from nn_experiments.evidence.outcomes import at_most, similar
from nn_experiments.frequency import pictures
from nn_experiments.specs import DataSpec
from nn_experiments.studies.optimizers import figures
from nn_experiments.studies.optimizers.measurements import Measurements
from nn_experiments.studies.optimizers.predictions import IRRELEVANT
from nn_experiments.studies.optimizers.preset import MarginsSpec
from nn_experiments.studies.optimizers.tables import measure_text
from nn_experiments.style import write_figure
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, judge, rules


def forest(verdicts, **how):
    """The effects as the comparison draws them."""
    rules = {
        v.prediction: (at_most if v.prediction == IRRELEVANT else similar)(v.margin or 0.0)
        for v in verdicts
    }
    how |= {"measure_text": measure_text, "more": figures.other_reading}
    return effects.forest(verdicts, rules, **how)


def points(axes) -> list[tuple[float, float]]:
    bars = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    return [tuple(float(x[0]) for x in c.lines[0].get_data()) for c in bars]


def footnote(figure) -> str:
    return figure.get_supxlabel().replace("\n", " ")


def hollow(axes) -> list[tuple[float, float]]:
    lines = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    return [tuple(float(x[0]) for x in line.get_data()) for line in lines]


def test_figure_4_1_has_perturbed_accuracy_right_and_standard_accuracy_up(preset, compare):
    measurements = compare(AS_PREDICTED)
    gaussian, l2, linf = figures.figure_4_1([(preset, measurements)]).axes
    runs = measurements.finished("Adam")
    standard = 100 * np.mean([r.correct["clean"] for r in runs])
    for axes, measure in ((gaussian, "gaussian/0.01"), (l2, "l2/0.1"), (linf, "linf/0.01")):
        expected = 100 * np.mean([r.correct[measure] for r in runs])
        assert points(axes)[1] == pytest.approx((expected, standard))
    assert hollow(l2) == [(82.33, 91.20), (70.33, 90.98), (72.67, 91.15)]
    assert l2.get_xlabel() == "accuracy, ℓ2 ε = 0.1 (%)"


def test_error_bars_are_intervals_inside_the_scale(preset, compare):
    measurements = compare({"SGD": 0.0}, margin=2.2)
    (axes, *_) = figures.figure_4_1([(preset, measurements)]).axes
    (bars,) = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    across = bars.lines[2][0].get_segments()[0][:, 0]
    correct = np.array([r.correct["gaussian/0.01"] for r in measurements.runs])
    expected = mean(correct, added_square=ONE_DISAGREEMENT)
    assert across == pytest.approx([100 * expected.low, min(100, 100 * expected.high)])


def test_data_sets_have_colours_and_optimizers_shapes(preset, compare):
    measurements = compare(AS_PREDICTED)
    still = replace(preset.training, flips=False)
    own = replace(preset, published="", data=DataSpec("synthetic"), training=still)
    figure = figures.figure_4_1([(preset, measurements), (own, measurements)])
    bars = [c.lines[0] for c in figure.axes[0].containers if isinstance(c, ErrorbarContainer)]
    colours, shapes = (
        [getattr(line, f"get_{what}")() for line in bars] for what in ("color", "marker")
    )
    assert len(set(colours[:3])) == len(set(colours[3:])) == 1
    assert colours[0] != colours[3]
    assert shapes[:3] == shapes[3:]
    assert len(set(shapes)) == 3
    # Levels of figure 4.1 for the published data set, the middle ones for the other.
    assert figure.axes[0].get_xlabel() == "accuracy under perturbation (%)"


def test_what_was_not_measured_is_said(preset):
    empty = Measurements(())
    figure = figures.figure_4_1([(replace(preset, published=""), empty)])
    assert {t.get_text() for axes in figure.axes for t in axes.texts} == {"not run"}
    (axes,) = figures.lipschitz_by_layer(preset, empty).axes
    assert [t.get_text() for t in axes.texts] == ["not run"]
    assert forest(judge(preset, empty)).axes[0].get_xlabel() == "nothing was run"


def test_the_forest_has_a_row_for_each_effect(preset, compare):
    verdicts = judge(preset, compare(AS_PREDICTED))
    figure = forest(verdicts)
    effects = [p for axes in figure.axes for p, _ in points(axes)]
    expected = [v for v in verdicts if v.effect is not None]
    expected.sort(key=lambda v: v.unit != "percentage points")
    assert effects == pytest.approx([v.effect.estimate for v in expected])
    primary = forest(verdicts, only_primary=True)
    assert sum(len(points(axes)) for axes in primary.axes) == sum(v.is_primary for v in verdicts)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "effect (percentage points)",
        "effect (ln ratio)",
    ]


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_forest_explains_what_is_in_it(preset, compare):
    verdicts = judge(preset, compare(AS_PREDICTED))
    everything = forest(verdicts)
    assert {"published", "within the margin"} <= set(legend(everything))
    assert "Pale" in footnote(everything)
    # No pale effect, nothing published, no margin.
    assert "Pale" not in footnote(forest(verdicts, only_primary=True))
    own = forest(judge(replace(preset, published=""), compare(AS_PREDICTED)))
    assert "published" not in legend(own)
    assert "†" not in footnote(everything)
    looser = replace(preset, margins=replace(preset.margins, accuracy=50.0))
    changed = forest(judge(looser, compare(AS_PREDICTED), rules(preset)))
    assert "†: the rules were changed after the results" in footnote(changed)
    marked = [t.get_text() for axes in changed.axes for t in axes.get_yticklabels()]
    assert 0 < sum("†" in text for text in marked) < len(marked) / 2
    orders = forest([v for v in verdicts if v.margin is None])
    assert "within the margin" not in legend(orders)
    assert "published" in legend(orders)


def test_figure_4_1_says_how_many_images_had_noise(preset, compare):
    measured = compare(AS_PREDICTED)
    figure = figures.figure_4_1([(preset, measured)])
    assert "1,000 test images, 200 attacked." in footnote(figure)
    runs = [
        replace(r, correct={m: c[:300] if m[:4] == "gaus" else c for m, c in r.correct.items()})
        for r in measured.runs
    ]
    figure = figures.figure_4_1([(preset, Measurements(tuple(runs)))])
    assert "1,000 test images, 300 with noise, 200 attacked." in footnote(figure)


def test_bars_are_bounds_by_layer(preset, compare):
    measurements = compare(AS_PREDICTED)
    (axes,) = figures.lipschitz_by_layer(preset, measurements).axes
    assert [t.get_text() for t in axes.get_xticklabels()] == ["conv1", "fc1", "product"]
    bars = [c for c in axes.containers if isinstance(c, BarContainer)]
    heights = [[bar.get_height() for bar in container] for container in bars]
    for title, found in zip(AS_PREDICTED, heights, strict=True):
        bounds = measurements.lipschitz(title, "l2")
        layers = np.array([[v for _, v in b.layers] + [b.product] for b in bounds])
        assert found == pytest.approx(list(np.exp(np.log(layers).mean(axis=0))))


def test_pictures_are_written_whole(preset, compare, tmp_path):
    # One seed has no interval: markers without bars.
    measurements = compare(AS_PREDICTED, seeds=1)
    assert forest(judge(preset, measurements), only_primary=True).axes
    figure = figures.figure_4_1([(preset, measurements)])
    png, pdf, svg = write_figure(figure, tmp_path / "figure_4_1")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert svg.read_text().startswith("<?xml")
    assert sorted(tmp_path.iterdir()) == [pdf, png, svg]


def bars_of(axes) -> list[ErrorbarContainer]:
    return [c for c in axes.containers if isinstance(c, ErrorbarContainer)]


def test_vertical_bars_are_the_standard_accuracys(preset, compare):
    measurements = compare(AS_PREDICTED)
    narrower = replace(preset, margins=MarginsSpec(confidence=0.8))
    for axes in figures.figure_4_1([(narrower, measurements)]).axes:
        for title, bars in zip(AS_PREDICTED, bars_of(axes), strict=True):
            clean = np.array([r.correct["clean"] for r in measurements.finished(title)])
            expected = mean(clean, 0.8, added_square=ONE_DISAGREEMENT).scaled(100)
            up = bars.lines[2][1].get_segments()[0][:, 1]
            assert up == pytest.approx([expected.low, expected.high])
    assert "80% intervals" in footnote(figures.figure_4_1([(narrower, measurements)]))


def test_rows_of_the_forest_have_interval_outcome_and_published_effect(preset, compare):
    verdicts = judge(preset, compare({"SGD": 0.5, "Adam": 0.2, "RMSProp": 0.5}))
    shown = sorted(verdicts, key=lambda v: v.unit != "percentage points")
    assert len({v.outcome for v in shown}) == 3
    figure = forest(verdicts)
    rows = [(axes, bars) for axes in figure.axes for bars in bars_of(axes)]
    looks: dict[str, set[tuple]] = {}
    for (_, bars), v in zip(rows, shown, strict=True):
        across = bars.lines[2][0].get_segments()[0][:, 0]
        assert across == pytest.approx([v.effect.low, v.effect.high])
        line = bars.lines[0]
        looks.setdefault(v.outcome, set()).add((line.get_marker(), line.get_color()))
    labels = {t.get_text(): h for t, h in zip(figure.legends[0].get_texts(),
        figure.legends[0].legend_handles, strict=True)}  # fmt: skip
    for outcome, seen in looks.items():
        assert seen == {(labels[outcome].get_marker(), labels[outcome].get_color())}
    diamonds = [
        float(line.get_xdata()[0])
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() == "d"
    ]
    assert diamonds == pytest.approx([v.published for v in shown if v.published is not None])


def test_margins_are_shaded_on_both_sides_but_of_a_cost(preset, compare):
    margins = MarginsSpec(accuracy=1.25, drop=1.5, filtered=1.75)
    verdicts = judge(replace(preset, margins=margins), compare(AS_PREDICTED))
    axes = forest(verdicts).axes[0]
    left, _ = axes.get_xlim()
    shaded = [c.get_paths()[0].get_extents() for c in axes.collections if c.get_zorder() == 0]
    expected = [
        (left if v.prediction == IRRELEVANT else -v.margin, v.margin)
        for v in verdicts
        if v.margin is not None
    ]
    assert np.array([(box.x0, box.x1) for box in shaded]) == pytest.approx(np.array(expected))


def test_bars_say_how_sure_they_are_and_over_what(preset, compare):
    verdicts = judge(replace(preset, margins=MarginsSpec(confidence=0.8)), compare(AS_PREDICTED))
    told = "Bars: 80% intervals over trainings and images (bounds: over trainings), one at a time."
    assert told in footnote(forest(verdicts))
    points_alone = [v for v in verdicts if v.unit == "percentage points"]
    assert "bounds" not in footnote(forest(points_alone))


def test_lines_on_bars_reach_from_the_least_to_the_greatest_seed(preset, compare):
    measurements = compare(AS_PREDICTED)
    (axes,) = figures.lipschitz_by_layer(preset, measurements).axes
    containers = [c for c in axes.containers if isinstance(c, BarContainer)]
    for title, container in zip(AS_PREDICTED, containers, strict=True):
        bounds = measurements.lipschitz(title, "l2")
        products = [b.product for b in bounds]
        ends = container.errorbar.lines[2][0].get_segments()[-1][:, 1]
        assert ends == pytest.approx([min(products), max(products)])


def test_trainings_that_failed_are_no_seeds_of_a_figure(preset, compare):
    runs = [r for r in compare(AS_PREDICTED).runs if (r.optimizer, r.seed) != ("Adam", 2)]
    figure = figures.figure_4_1([(preset, Measurements(tuple(runs)))])
    assert "Fashion-MNIST: 2 or 3 seeds, " in footnote(figure)


LONG = "folder:/home/somebody/with/a/long/path/of/folders/" + "x" * 90
NAMES = (r"Adam $\lr$ 1", "cost $5 & $6_x", "_a name " + "that is long and goes on " * 7)


@pytest.fixture
def hostile(preset, compare):
    optimizers = tuple(
        replace(o, label=name) for o, name in zip(preset.optimizers, NAMES, strict=True)
    )
    data = replace(preset.data, name=LONG)
    named = replace(preset, optimizers=optimizers, data=data, title="", published="")
    return named, compare(dict(zip(NAMES, AS_PREDICTED.values(), strict=True)))


@pytest.mark.parametrize("name", ["figure_4_1", "forest", "lipschitz"])
def test_long_and_hostile_names_are_drawn_whole(hostile, name, tmp_path):
    named, measured = hostile
    figure = {
        "figure_4_1": lambda: figures.figure_4_1([(named, measured)]),
        "forest": lambda: forest(judge(named, measured)),
        "lipschitz": lambda: figures.lipschitz_by_layer(named, measured),
    }[name]()
    write_figure(figure, tmp_path / name)
    assert_inside(figure)


def test_long_names_stay_inside_other_figures(tmp_path):
    drops = {name: np.linspace(0, 0.5, 30).reshape(3, 10) for name in NAMES}
    drawn = {
        "two": pictures.draw_observation_two(drops, LONG),
        "one": pictures.draw_observation_one(
            {name: [0.9, 0.8] for name in NAMES},
            {name: {("magnitude", 30): [0.8, 0.7]} for name in NAMES},
            LONG,
        ),
        "energy": pictures.draw_energy({LONG: torch.rand(1, 8, 8)}),
    }
    for name, figure in drawn.items():
        write_figure(figure, tmp_path / name)
        assert_inside(figure)


def assert_inside(figure):
    """No text is cut off at an edge of the figure, by more than a hundredth of an inch."""
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    slack = figure.dpi / 100
    for text in figure.findobj(Text):
        # Numbers of ticks may lie outside the axes, where they are not drawn.
        if re.search("[A-Za-z]", re.sub(r"\$.mathdefault.*", "", text.get_text())):
            box = text.get_window_extent(renderer)
            assert box.x0 > -slack, text.get_text()
            assert box.x1 < figure.bbox.width + slack, text.get_text()
            assert box.y0 > -slack, text.get_text()
            assert box.y1 < figure.bbox.height + slack, text.get_text()
