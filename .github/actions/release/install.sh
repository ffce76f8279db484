#!/usr/bin/env bash
# Put release, from this checkout of it and with its pinned dependencies, into an environment of
# its own. Nothing of the workspace can pose as a module: Python starts isolated (-I, -P).
set -euo pipefail

python=${INTERPRETER:-python3}
if ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  printf '::error title=release::%s\n' \
    "there is no Python 3.11 or newer: run actions/setup-python first, or set the input interpreter"
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
home=$RUNNER_TEMP/release-environment
"$python" -I -m venv --clear "$home"
pip=("$home/bin/python" -P -m pip --disable-pip-version-check --quiet install)
"${pip[@]}" -r "$root/requirements/core.txt"
"${pip[@]}" --no-deps --no-build-isolation "$root"
echo "python=$home/bin/python" >> "$GITHUB_OUTPUT"
