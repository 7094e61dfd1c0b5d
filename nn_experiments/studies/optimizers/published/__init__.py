"""Published numbers of the network comparison, one CSV a table, as printed.

From chapter 4 of the thesis, averages over three independently trained models: Table 4.1
(Lipschitz bounds and accuracy averaged over the highlighted perturbations), Table 4.2 (learning
rates), and Tables 4.3, 4.4 and 4.7 (accuracies in percent without BatchNorm, with it, and with
momentum; the levels are the variance of the noise, or the radius). ``figure_4_1_levels.csv`` is
derived: the levels whose accuracies average to those of Table 4.1, see
:func:`nn_experiments.studies.optimizers.thesis_tables.find_highlighted`.
"""
