"""The declared quantization: config groups, targets, schemes. No torch."""
