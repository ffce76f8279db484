"""Lists of names that readers know, as text files: they are data, and diff line by line."""
