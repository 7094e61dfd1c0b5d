"""What a simulated study is made of: settings, an answer, pictures with text alternatives, tables.

A study is a package of :mod:`simulations.studies`. ``settings`` say what is asked, and check
themselves; ``experiment`` computes what is found, ``draw`` draws it, ``report`` tells it, and
``command`` makes of these the :class:`simulations.study.answer.Answer` that is written. ``memory``
and ``remedies`` train adaptive rules on the problems of :mod:`simulations.study.problems`: they
also have ``runs``, what is trained at each point of a sweep, ``rows``, its quartiles over the
seeds, and ``checks``, what has to hold.
"""
