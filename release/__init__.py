"""The gate between a quantized LLM checkpoint and the Hugging Face Hub."""

__version__ = "0.1.0"
