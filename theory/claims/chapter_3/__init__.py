"""Claims of chapter 3: adversarial regularization, SOAR and FOAR."""
