"""Claims of chapter 4: GD and signGD on over-parameterized linear regression."""
