"""A declarative grid of points, computed in blocks, each kept whole, and resumed bit for bit.

``grid`` says what is swept, ``blocks`` what is computed and how it is cut, ``store`` keeps the
blocks in a folder, ``run`` computes those that are missing, ``cluster`` does so on many machines,
and ``progress`` shows how far it is.
"""
