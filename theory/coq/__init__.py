"""A third opinion: obligations of the ledger as lemmas that the kernel of a proof assistant checks.

``translate`` writes sympy formulas as propositions of Coq, by a translation of its own that shares
no code with the solver's; ``library`` holds the definitions and tactics that the scripts import;
``emit`` builds lemmas, ``obligations`` collects them from the claims, ``run`` compiles, ``report``
says what was accepted and what was not.
"""
