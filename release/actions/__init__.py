"""What the GitHub action runs: one step of a job each, on top of the commands that people run."""
