"""Scripts that run in the Python that has the packages: they import nothing of ours."""
