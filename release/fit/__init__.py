"""`release fit`: whether and how a model runs on a GPU, from a checkpoint or a bare config.json."""
