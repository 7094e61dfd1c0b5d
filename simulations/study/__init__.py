"""What a simulated study is made of: settings, an answer, pictures with text alternatives, tables.

A study is a package of :mod:`simulations.studies`, and a command by being there. It has

* ``settings``: one dataclass, which says what is asked and checks itself (``check()``). Its
  docstring and those of its fields are the command's help; ``OUT`` is the default folder, if it is
  not ``results/questions/NAME``;
* ``study``: ``run(settings, out, progress)``, which writes what was found to the folder ``out`` and
  returns what to print and the exit code. As a rule it makes an
  :class:`simulations.study.answer.Answer`, which :func:`simulations.study.answer.answered` writes:
  the evidence ``summary.json``, whose key ``pictures`` has the words of each picture, so that a
  page needs to know nothing else of it.

``experiment`` computes what is found, ``draw`` draws it and ``report`` tells it. ``memory`` and
``remedies`` train adaptive rules on the problems of :mod:`simulations.study.problems`: they also
have ``runs``, what is trained at each point of a sweep, ``rows``, its quartiles over the seeds, and
``checks``, what has to hold.
"""
