"""The mathematics of the analysis: the problem, its dynamics, risks and limits, in sympy."""
