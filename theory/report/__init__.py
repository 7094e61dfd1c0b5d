"""The report for people: one HTML file, read offline on a screen, on a phone and on paper.

It is made of evidence files alone. Verdicts are built again from theirs, so that every
counterexample is evaluated again, and the claims' statements are set as MathML; what other packages
have found comes from the reports and figures that they left.
"""
