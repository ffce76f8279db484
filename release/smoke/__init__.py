"""The smoke test: the checkpoint in a real vLLM, in a child process; what happened is a fact."""

ELSEWHERE = "import sys; sys.path = [place for place in sys.path if place]\n"
"""How a script for `python -c` begins: nothing of the folder that we stand in is imported."""
