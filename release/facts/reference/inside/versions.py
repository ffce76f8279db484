"""The child that says which of the packages it was asked for are there, and their versions."""

import contextlib
import importlib.metadata
import importlib.util
import json
import sys

found = {}
for package in sys.argv[1:]:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        if importlib.util.find_spec(package.replace("-", "_")):
            found[package] = importlib.metadata.version(package)
sys.stdout.write(json.dumps(found))
