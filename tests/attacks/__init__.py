"""Attacks of a hostile pickle, for every place where one is loaded.

`reaching.py`: what it tries to reach; `lasting.py`: what it does to its worker and leaves to the
next job; `forging.py`: what it answers.  `bench.py` lets them loose and looks at what came of them.
"""
