"""How vLLM spends GPU memory: pure functions from caches and options to blocks and tokens.

`serving` says how it is served, `specs` what each layer keeps in a block, `groups` which layers
share a block table, `pool` what fits. Everything is held to vLLM's own planning code, block for
block, by tests/memory.
"""


class NotModelled(Exception):  # noqa: N818 - it becomes an Unknown, never an error message
    """A combination that vLLM refuses or that we have no formula for."""
