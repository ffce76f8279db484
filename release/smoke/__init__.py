"""The smoke test: the checkpoint in a real vLLM, in a child process; what happened is a fact."""
