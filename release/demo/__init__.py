"""`release demo`: the whole path on a tiny real checkpoint."""
