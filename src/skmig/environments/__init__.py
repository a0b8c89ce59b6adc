"""Where a model is loaded: isolated, pinned environments, and the worker inside each.

`base` is the protocol; `docker` and `local` implement it; `client` speaks to the agent's forking
worker; `locks` and `images` make what is pinned.
"""
