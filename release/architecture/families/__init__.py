"""One file a model family: what its config implies. Found by `release.architecture.FAMILIES`."""
