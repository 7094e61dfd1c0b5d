"""What a comparison will take: the counts are exact, and seconds are counts times a pace."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nn_experiments import presets
from nn_experiments.__main__ import main
from nn_experiments.data.images import DataSet, Images
from nn_experiments.data.loader import Loader
from nn_experiments.flow import estimate
from nn_experiments.flow.workspace import Workspace
from nn_experiments.measures.measure import Pace
from nn_experiments.specs import ModelSpec
from nn_experiments.studies.optimizers import learning_rates as sweep
from nn_experiments.studies.optimizers.study import study
from tests.nn_experiments.tiny import PRESET
from theory.common.errors import UserError

PARTS = ("answers under noise", "l2 attacks", "linf attacks", "answers in bands", "Lipschitz bo")
STEPS = {"SGD": 1.0, "Adam": 2.0, "RMSProp": 4.0}
COMPARED = study(presets.read("fashion-mnist"))
PACE = Pace(
    {estimate.kind(run): STEPS[run.optimizer.title] for run in COMPARED.specs()},
    answer=1e-3,
    gradient=1e-2,
)


def fashion():
    """As many images as Fashion-MNIST has, of one pixel each."""
    parts = [
        Images(torch.zeros(n, 1, 1, 1, dtype=torch.uint8), torch.arange(n) % 10, 10)
        for n in (60_000, 10_000)
    ]
    return DataSet("fashion-mnist", *parts)


def by_what(parts):
    return {part.what: part for part in parts}


def test_full_scale_trainings_are_counted():
    found = by_what(estimate.trainings(COMPARED, COMPARED.specs(), fashion(), PACE))
    networks = found["training networks"]
    filtered = found["training on filtered images (Observation I)"]
    # Three optimizers and three seeds; nine thresholds by two filters of each.
    assert (networks.number, filtered.number) == (9, 162)
    steps = 200 * 60_000 / 128
    seconds = 3 * steps * (1 + 2 + 4) + 9 * 70_000 * PACE.answer
    assert networks.seconds == pytest.approx(seconds)
    assert filtered.seconds == pytest.approx(18 * seconds)
    assert filtered.without.startswith("--frequency.thresholds")


def test_what_is_over_is_not_counted():
    found = estimate.trainings(COMPARED, COMPARED.specs()[:4], fashion(), PACE)
    assert [(part.what, part.number) for part in found] == [("training networks", 4)]


def test_a_sweep_trains_one_seed_of_each_optimizer_at_each_rate():
    preset = presets.read("fashion-mnist")
    data = replace(preset.data, validation_images=100)
    preset = replace(preset, data=data, sweep=(0.1, 1.0))
    tried = sweep.candidates(preset)
    (trying,) = estimate.trying(tried, fashion(), PACE)
    assert (trying.what, trying.number) == ("trying learning rates", 6)
    assert estimate.trying([], fashion(), PACE) == []
    # The first seed's networks, of the rates that are chosen, are among those.
    compared = study(preset)
    parts = by_what(estimate.trainings(compared, compared.specs(), fashion(), PACE, True))
    assert parts["training networks"].number == 6


def test_what_is_measured_is_counted(tmp_path):
    preset, data = presets.read("fashion-mnist"), fashion()
    place = Workspace(tmp_path, Loader())

    def measuring(preset):
        return by_what(estimate.measuring(estimate.missing(study(preset), place), data, PACE))

    found = measuring(preset)
    assert found["answers under noise"].number == 9 * 3 * 10_000
    assert found["answers in bands (Observation II)"].number == 9 * (10 * 10 + 1) * 10_000
    for norm in ("l2", "linf"):
        attacks = found[f"{norm} attacks, points at most"]
        assert attacks.number == 9 * 3 * 1000
        # Auto-PGD and FAB-T in gradients, FAB-T and Square in answers.
        point = (1010 + 900) * PACE.gradient + (900 + 5000) * PACE.answer
        assert attacks.seconds == pytest.approx(attacks.number * point)
    quick = presets.read("quick")
    quick_points = measuring(quick)["l2 attacks, points at most"]
    assert quick_points.number == 9 * 200  # what stands at the largest radius stands at the others
    assert found["Lipschitz bounds"].seconds is None
    assert "Lipschitz bounds" not in measuring(replace(preset, lipschitz=False))


def test_pictures_are_of_one_network_of_each_optimizer():
    (part,) = estimate.drawing(COMPARED, PACE)
    assert part.number == 8 * 2 * 3
    assert part.without == "--no-pictures"
    assert (
        estimate.drawing(study(replace(presets.read("fashion-mnist"), pictures=False)), PACE) == []
    )


def test_jobs_share_the_work_and_a_budget_limits_it():
    parts = [
        estimate.Part("training", "training networks", 4, 7200.0),
        estimate.Part("measuring", "Lipschitz bounds", 4, None),
        estimate.Part("describing", "attacks for pictures", 48, 600.0),
    ]
    place = Workspace(Path(), Loader(), jobs=2)
    assert estimate.table(parts, place).rows[-1][:2] == ["in all", "without Lipschitz bounds"]
    assert estimate.table(parts[:1], place).rows[-1][1] == ""
    times = [row[3] for row in estimate.table(parts, place).rows]
    assert times == ["60.0 minutes", "not foretold", "10.0 minutes", "70.0 minutes"]
    limited = [row[3] for row in estimate.table(parts, place, budget=300).rows]
    assert limited == ["5.0 minutes", "not foretold", "10.0 minutes", "15.0 minutes"]
    # The budget makes the images fewer, for all trainings alike; measuring has as many as before.
    more = [
        estimate.Part("preparing", "trying learning rates", 4, 1440.0),
        estimate.Part("training", "training on filtered images (Observation I)", 4, 14400.0),
        *parts,
    ]
    limited = [row[3] for row in estimate.table(more, place, budget=360).rows]
    assert limited[:3] == ["72.0 seconds", "12.0 minutes", "6.0 minutes"]
    assert limited[-2:] == ["10.0 minutes", "29.2 minutes"]
    assert estimate.duration(6.5 * 86400) == "6.5 days"


def test_a_plan_is_printed_and_nothing_is_done(tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(PRESET)
    options = [str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]
    assert main(["compare", *options, "--plan"]) == 0
    printed = capsys.readouterr().out
    for words in ("training networks", "Observation I)", "--no-pictures", "in all"):
        assert words in printed
    assert not out.exists()
    assert main(["tables", *options, "--plan"]) == 2
    assert "--plan: expected compare, train or evaluate, got tables" in capsys.readouterr().err


def test_what_will_take_how_long_is_said_before_it_is_done(tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(PRESET)
    options = [str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]
    assert main(["train", *options]) == 0
    told = capsys.readouterr().err
    assert "About how long train takes here (1 at once" in told
    assert "in all" in told
    assert main(["train", *options]) == 0  # all is done
    assert "About how long" not in capsys.readouterr().err


def test_what_was_measured_is_not_counted_again(tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(PRESET)
    options = [str(path), "--out", str(out), "--jobs", "1", "--threads", "1", "--no-pictures"]

    def planned(*more):
        capsys.readouterr()
        assert main(["evaluate", *options, *more, "--plan"]) == 0
        lines = capsys.readouterr().out.splitlines()
        return [what for line in lines for what in PARTS
                if line.split()[:1] == ["measuring"] and f" {what}" in line]  # fmt: skip

    assert main(["train", *options]) == 0
    assert planned() == list(PARTS)
    assert main(["evaluate", *options]) == 0
    assert planned() == []
    assert planned("--robustness.l2", "0.5", "0.7") == ["l2 attacks"]


def test_a_rate_that_a_sweep_chose_is_not_tried_again(tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(PRESET.replace("= [50]", "= []").replace("gradient_energy = true\n", ""))
    options = [str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]
    options += ["--sweep", "0.5", "2", "--data.validation-images", "10"]
    assert main(["train", *options, "--plan"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["preparing", "trying", "learning", "rates", "4"] in [row[:5] for row in rows]
    assert ["training", "training", "networks", "2"] in [row[:4] for row in rows]
    assert main(["train", *options]) == 0
    capsys.readouterr()
    assert main(["train", *options, "--plan"]) == 0
    printed = capsys.readouterr().out
    assert "trying" not in printed
    assert "networks" not in printed


@pytest.mark.parametrize("kind", ["InPlace", "Cut"])
def test_what_networks_of_a_users_own_take_is_told(kind):
    preset = replace(presets.read("quick"), model=ModelSpec(f"tests.nn_experiments.unusual:{kind}"))
    pace = estimate.measured(study(preset), images(), torch.device("cpu"), 1)
    assert min(pace.answer, pace.gradient, *pace.step.values()) > 0


def test_a_network_that_fails_while_it_is_timed_is_told_in_a_line():
    name = "tests.nn_experiments.unusual:Few"
    preset = replace(presets.read("quick"), model=ModelSpec(name))
    text = r"model .*:Few: expected it to take a step on 20 .* got RuntimeError: too many images\."
    with pytest.raises(UserError, match=text) as error:
        estimate.measured(study(preset), images(), torch.device("cpu"), 1)
    assert "\n" not in str(error.value)


def images():
    part = Images(torch.rand(20, 1, 28, 28), torch.arange(20) % 10, 10)
    return DataSet("random", part, part)
