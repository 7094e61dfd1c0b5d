"""Figure 4.7: four optimizers on the three-dimensional problem, against theory and print."""
