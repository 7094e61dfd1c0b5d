"""Questions that the proofs do not reach, each with its pictures, numbers and statement.

Each is a package of one shape. ``settings`` say what is asked, and check themselves; ``experiment``
computes what is found, ``draw`` draws it, ``report`` tells it, and ``command`` makes of these the
:class:`simulations.questions.answer.Answer` that is written. ``memory`` and ``remedies`` train
adaptive rules on the problems of :mod:`simulations.questions.problems`: they also have ``runs``,
what is trained at each point of a sweep, ``rows``, its quartiles over the seeds, and ``checks``,
what has to hold.
"""
