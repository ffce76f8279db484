"""Stands in for a Python that has vLLM: replays a recorded run, or a log, over the same files.

`REPLAY` is a recording of tests/golden/smoke, or a log of tests/golden/logs that it dies with;
`REPLAY_CHANGES` a JSON object: what replaces values of the recorded result, by checkpoint. With
`REPLAY_HANGS` it starts a child, as vLLM starts its engine, and never comes to an end.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

order = json.load(sys.stdin)
recording = Path(os.environ["REPLAY"])
if "REPLAY_HANGS" in os.environ:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    time.sleep(60)
if recording.suffix == ".log":
    sys.stdout.write(recording.read_text())
    sys.exit(1)
outcome = json.loads(recording.read_text())["outcome"]
for number, account in enumerate(outcome["accounts"]):
    file = Path(os.environ["RELEASE_SMOKE_ACCOUNTS"]) / f"{number}.json"
    file.write_text(json.dumps(account))
changes = json.loads(os.environ.get("REPLAY_CHANGES", "{}"))
result = outcome["result"] | changes.get(order["engine"]["model"], {})
Path(order["result"]).write_text(json.dumps(result))
