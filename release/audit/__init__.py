"""The audit of a model card, anybody's: what it claims, line by line, for the K rules to judge."""
