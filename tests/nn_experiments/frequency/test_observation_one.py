from nn_experiments.frequency.observation_one import settings
from nn_experiments.specs import FrequencySpec


def test_every_filter_with_every_threshold():
    spec = FrequencySpec(thresholds=(10, 90))
    assert settings(spec) == [
        ("magnitude", 10),
        ("magnitude", 90),
        ("frequency", 10),
        ("frequency", 90),
    ]


def test_nothing_without_thresholds():
    assert settings(FrequencySpec()) == []
