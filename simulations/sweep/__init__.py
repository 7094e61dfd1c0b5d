"""A declarative grid of points, computed in blocks, each kept whole, and resumed bit for bit.

Bit for bit on the same kind of processor: another one rounds otherwise.

``grid`` says what is swept, ``notation`` reads it from a file and options, ``blocks`` says what is
computed and how it is cut, ``record`` and ``store`` keep what is swept and its blocks in a folder,
``run`` computes those that are missing, ``cluster`` does so on many machines, ``forecast`` tells
the time that it takes, and ``progress`` how far it is.

Training runs are one thing to sweep: ``parameters`` lists what they may differ in, ``rules`` reads
a rule's own numbers, ``point`` makes rule and problem of a point, ``checked`` checks a whole grid,
``training`` trains, and ``summary``, ``draw``, ``report`` and
``command`` tell what was found.
"""
