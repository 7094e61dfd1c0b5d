"""Words about figures come from the numbers beside them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.theory.report.small import write_text
from theory.common.errors import UserError
from theory.report.alternatives import alternatives


def words(folder: Path, data: Any, file: str = "summary.json") -> dict[str, str]:
    write_text(folder / file, json.dumps(data))
    return dict(alternatives(folder))


def optimizer(w2: float, risk: float) -> dict[str, Any]:
    return {
        "failure": None,
        "w_tilde": {"mean": [5, 10, w2]},
        "adversarial_risk": {"mean": risk},
    }


FIGURE: dict[str, Any] = {
    "settings": {"iterations": 2001, "seeds": 16, "w0_tilde": ["0", "0", "0.02"]},
    "optimizers": {"GD": optimizer(0.02, 123.66), "signGD": optimizer(-3.938, 140.72)},
    "ratio_signgd_over_gd": {"final": {"mean": 1.1373}},
    "population_signgd": {"T": 638},
}


def test_figure_4_7_says_where_weights_and_risks_end(tmp_path: Path) -> None:
    said = words(tmp_path, FIGURE)["figure_4_7"]
    for part in ("2,001 iterations", "GD 0.02, signGD -3.94", "GD 123.7, signGD 140.7", "T = 638"):
        assert part in said
    assert "1.137 times GD's" in said


def test_an_optimizer_that_failed_is_left_out(tmp_path: Path) -> None:
    failed = {"failure": {"iteration": 3, "seed": 0}}
    optimizers = {**FIGURE["optimizers"], "Adam": failed}
    assert "Adam" not in words(tmp_path, {**FIGURE, "optimizers": optimizers})["figure_4_7"]


def test_the_phase_diagram_says_who_is_more_robust_where(tmp_path: Path) -> None:
    def size(n: int, mismatches: int) -> dict[str, Any]:
        return {"size": n, "w2 = 0": {"starts": 1000, "mismatches": mismatches}}

    results = {
        "diagrams": {
            "over r and q": {"starts": 1000, "gd_more_robust": 730},
            "over w̃2(0) and q": {"starts": 1000, "gd_more_robust": 437},
        },
        "sizes": [size(16, 252), size(16384, 0)],
    }
    said = words(tmp_path, {"results": results})["phase_diagram"]
    assert "73 % of the starts over r and q, 43.7 % of the starts over w̃2(0) and q" in said
    assert "from 25.2 % at |A(0)|/(σ̃0²η) = 16 to 0 % at 16384" in said


def test_the_partitions_say_how_large_their_parts_are(tmp_path: Path) -> None:
    R = {
        "share_of_part": {"R11": 0.25, "R34": 0.0, "R21": 0.5},
        "share_of_overlap": {"both": 0.125},
    }
    P = {"share_of_part": {"P1": 0.36}, "share_of_overlap": {}, "share_in_no_part": 0.64}
    said = words(tmp_path, {"results": {"R": {"1/4": R}, "P": {"1/3": P}}})
    assert said["figure_4_8"] == (
        "At r = 1/4 the parts take, of the picture: R21 50 %, R11 25 %, and 12.5 % is in several."
    )
    assert said["figure_4_9"].endswith("P1 36 %; 64 % is in no part.")


def memory_row(member: str, movement: float, standard_risk: float, **at: float) -> dict[str, Any]:
    return {
        "problem": "power law",
        "member": member,
        "at": at,
        "movement": [0, movement, 1],
        "standard_risk": [0, standard_risk, 1],
    }


def test_memory_says_from_where_to_where_weights_move(tmp_path: Path) -> None:
    rows = {
        "betas of Adam": [
            memory_row("Adam", 0.125, 1e-4, beta1=0, beta2=0),
            memory_row("Adam", 0.5, 1e-4, beta1=0.9, beta2=0.9),
            memory_row("Adam", 7.0, 0.5, beta1=0.99, beta2=0),  # does not learn the task
        ],
        "eps": [memory_row("Adam", 0.375, 0, eps=1e-8), memory_row("Adam", 0.25, 0, eps=0.1)],
        "samples": [memory_row("Adam", 0.1, 0, samples=10)],
        "learning_rate": [memory_row("Adam", 0.2, 0, learning_rate=0.1)],
    }
    said = words(tmp_path, {"results": rows})["memory"]
    assert "Power law: from 0.125 to 0.500 over Adam's β1 and β2" in said
    assert "with ε from 1e-08 to 0.1, Adam 0.375 to 0.250" in said


def test_remedies_say_what_is_closed_by_what_learns_the_task(tmp_path: Path) -> None:
    def row(remedy: str, closed: float, cost: float) -> dict[str, Any]:
        return {
            "problem": "power law",
            "rule": "Adam",
            "remedy": remedy,
            "closed": [0, closed, 1],
            "standard_risk": [0, cost, 1],
            "adversarial_ratio": [1, 1.164, 2],
        }

    rows = [
        row("none", 0.0, 1e-6),
        row("weight decay", 0.5, 1e-6),
        row("weight decay", 0.75, 1e-3),
        row("weight decay", 0.99, 0.5),
    ]
    said = words(tmp_path, {"results": {"rows": rows}})["remedies"]
    assert "power law, Adam: 1.164 times GD's" in said.replace("Power", "power")
    assert said.endswith("closed at best weight decay 75 %.")


def test_scaling_says_the_medians_at_both_ends(tmp_path: Path) -> None:
    def row(rule: str, d: int, median: float | None) -> dict[str, Any]:
        quantiles = [None, None, median, None, None]
        return {"rule": rule, "d": d, "irrelevant": 1, "steps": 1000, "quantiles": quantiles}

    rows = [row("GD", 3, 1.0), row("Adam", 3, 1.03), row("Lion", 3, None), row("Adam", 64, 1.12)]
    said = words(tmp_path, {"results": {"rows": {"d": rows}}})
    assert said["dimensions"].endswith("medians from d = 3 to 64: Adam 1.030 to 1.120.")
    assert "counts" not in said


NETWORKS: dict[str, Any] = {
    "baseline": "SGD",
    "average_robust_accuracy": {"measures": ["gaussian/0.005", "l2/0.7"]},
    "accuracy_percent": [
        {"measure": "clean", "optimizer": "SGD", "mean": 75.07},
        {"measure": "clean", "optimizer": "Adam", "mean": 74.67},
        {"measure": "l2/0.7", "optimizer": "SGD", "mean": 43.17},
        {"measure": "l2/0.7", "optimizer": "Adam", "mean": 37.5},
        {"measure": "filtered/magnitude/50", "optimizer": "SGD", "mean": 70.0},
        {"measure": "filtered/magnitude/90", "optimizer": "SGD", "mean": 60.0},
    ],
    "summary": [
        {
            "prediction": "SGD is more robust",
            "verdict": "inconclusive",
            "counts": {"supported": 1, "contradicted": 0, "inconclusive": 5},
        }
    ],
    "lipschitz": [
        {"norm": "l2", "optimizer": "SGD", "ln_product": 0.0},
        {"norm": "l2", "optimizer": "SGD", "ln_product": 1.3862943611198906},
        {"norm": "l1", "optimizer": "SGD", "ln_product": 9.0},
    ],
    "trainings": [
        {"optimizer": "SGD", "drop_by_band_points": [3.0, 1.0]},
        {"optimizer": "SGD", "drop_by_band_points": [4.0, 9.0]},
        {"optimizer": "Adam", "drop_by_band_points": []},
    ],
}


def test_networks_say_accuracies_verdicts_bounds_and_drops(tmp_path: Path) -> None:
    said = words(tmp_path, NETWORKS, "evidence.json")
    assert "Standard: SGD 75.1 %, Adam 74.7 %." in said["figure_4_1"]
    assert "ℓ2 attack, ε = 0.7: SGD 43.2 %, Adam 37.5 %." in said["figure_4_1"]
    assert "SGD is more robust: inconclusive (1 supported, 5 inconclusive)." in said["effects"]
    assert "which is SGD 2:" in said["lipschitz"]  # the geometric mean of 1 and 4
    assert "SGD 3.5 in band 0, at most 5.0" in said["observation_two"]
    assert said["observation_one"].endswith("SGD 60.0 to 70.0 %.")


@pytest.mark.parametrize("data", [{}, [], {"results": None}, {"results": {"rows": 3}}], ids=str)
def test_numbers_in_another_form_give_no_words(tmp_path: Path, data: Any) -> None:
    assert words(tmp_path, data) == {}


def test_without_numbers_there_are_no_words(tmp_path: Path) -> None:
    assert alternatives(tmp_path) == {}


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    write_text(tmp_path / "summary.json", "{")
    with pytest.raises(UserError, match="expected JSON"):
        alternatives(tmp_path)
