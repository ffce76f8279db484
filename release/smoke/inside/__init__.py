"""Files that vLLM's own Python runs: the standard library and vllm, nothing of `release`.

`child.py` starts the engine and asks it; `release_smoke.py` is loaded by vLLM itself, as a
plugin, in each of its processes; `guard.py` ends them all when their parent dies.
"""
