import numpy as np

from simulations.study.quartiles import cells, quartiles, words


def test_quartiles_leave_nan_out():
    assert quartiles([1, 2, 3, 4, 5, np.nan]) == (2, 3, 4)
    assert np.isnan(quartiles([np.nan])).all()


def test_in_tables_and_words_the_median_is_first():
    assert cells((1.0, 2.0, 3.00004)) == ("2", "1 to 3")
    assert words((1.0, 2.0, 3.0004)) == "2.000 [1.000, 3.000]"
