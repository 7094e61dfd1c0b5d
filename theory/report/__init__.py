"""The report for people: one HTML file, read offline on a screen, on a phone and on paper.

It is made of evidence files alone. Verdicts are built again from theirs, so that every
counterexample is evaluated again, and the claims' statements are set as MathML. What other packages
have found comes from the reports that they left, ``report.md`` in any folder of the results, and
from what ``summary.json`` or ``evidence.json`` beside a report says of itself, all of it optional::

    "title": "What it is",
    "command": "python -m PACKAGE ...", which makes it
    "environment": {"code": ..., "processor": ..., ...}, which made it
    "pictures": [{"file": "curve.svg", "title": "What it is", "alternative": "What is seen in it",
                  "caption": "What stands below it"}]

The package of the command decides in which part of the page a report stands.
"""
