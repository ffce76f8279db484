"""Examples of every command, for its `--help`; tests hold them to the options that there are."""

EXAMPLES = {
    "init": (
        "release init ./ckpt --base ./base",
        "release init ./ckpt --repo owner/name --base-model owner/base --license mit --yes",
    ),
    "verify": (
        "release verify ./ckpt",
        "release verify ./ckpt --base ./base --strict",
        "release verify owner/name@v1 --level bytes",
        "release verify ./ckpt --select T,V --format json -o report.json",
    ),
    "tables": (
        "release tables ./ckpt --picture weights.svg",
        "release tables owner/name --format markdown",
    ),
    "fit": (
        'release fit ./ckpt --gpu "RTX 5090" --max-model-len 32768',
        'release fit owner/name --gpu "RTX 5090" --gpu H100 --tensor-parallel-size 2',
        "release fit ./ckpt --available 44.49GiB --kv-cache-dtype fp8",
        "release fit ./ckpt --audit 'vllm serve owner/name --max-model-len 131072' --gpu L4",
    ),
    "smoke": (
        "release smoke ./ckpt --python ~/vllm/bin/python",
        "release smoke --serve --timeout 900",
    ),
    "card": (
        "release card",
        "release card ./ckpt -o -",
        "release card --explain '25.18 GB'",
        "release card --check README.md ./ckpt",
        "release card --check README.md owner/name --format github",
    ),
    "push": (
        "release push owner/name --dry-run",
        "release push owner/name ./ckpt --tag v1 --yes",
        "release push owner/name --create-pr",
    ),
    "diff": (
        "release diff old-ckpt ckpt",
        "release diff owner/name@v1 owner/name@main --format markdown",
        "release diff .release/report.json owner/name",
    ),
    "rule": (
        "release rule Q101",
        "release rule --format json",
    ),
    "doctor": (
        "release doctor",
        "release doctor --python ~/vllm/bin/python --format json",
    ),
    "schema": (
        "release schema report -o report.schema.json",
        "release schema manifest -o release.toml.schema.json",
    ),
    "completion": (
        "release completion bash >> ~/.bashrc",
        "release completion zsh > ~/.zfunc/_release",
        "release completion fish > ~/.config/fish/completions/release.fish",
    ),
    "demo": (
        "release demo --keep tour",
        "release demo --hub tour",
    ),
}


def epilog(command: str, text: str | None) -> str | None:
    """Put a command's examples before the text below its options."""
    lines = EXAMPLES.get(command)
    if lines is None:
        return text
    shown = "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
    return f"{shown}\n\n{text}" if text else shown
