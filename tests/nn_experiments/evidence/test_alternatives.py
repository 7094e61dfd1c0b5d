"""Words about figures come from the numbers of the evidence."""

from nn_experiments.evidence.alternatives import described
from nn_experiments.studies.optimizers.alternatives import TITLES, WORDS

FOUND = {
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


def test_accuracies_verdicts_bounds_and_drops_are_said():
    pictures = described([*WORDS, "of_our_own"], FOUND, TITLES, WORDS)
    said = {picture["file"]: picture["alternative"] for picture in pictures}
    assert "Standard: SGD 75.1 %, Adam 74.7 %." in said["figures/figure_4_1.png"]
    assert "ℓ2 attack, ε = 0.7: SGD 43.2 %, Adam 37.5 %." in said["figures/figure_4_1.png"]
    verdict = "SGD is more robust: inconclusive (1 supported, 5 inconclusive)."
    assert said["figures/effects.png"] == f"Effects with intervals. {verdict}"
    assert "which is SGD 2:" in said["figures/lipschitz.png"]  # the geometric mean of 1 and 4
    assert "SGD 3.5 in band 0, at most 5.0" in said["figures/observation_two.png"]
    assert said["figures/observation_one.png"].endswith("SGD 60.0 to 70.0 %.")
    assert said["figures/of_our_own.png"] == "of our own"
    assert [p["title"] for p in pictures] == [*TITLES.values(), "of our own"]
    assert all(p["caption"] == p["title"] for p in pictures)
