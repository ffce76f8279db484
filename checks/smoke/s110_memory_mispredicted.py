"""vLLM measured another memory or KV cache than `release fit` predicts.

What it checks: each start of vLLM against the memory model of `release fit`: the attention block,
    the number of blocks in the memory that there was, the tokens that they hold, and where it
    failed, what one request needs and the longest that fits; on a GPU also the bytes of the
    weights and the memory left for the cache, within the ranges that fit states. For a vLLM that
    is newer than the one the model is held to, what differs is only a note.
Why it matters: the card's figures for other GPUs and lengths come from the same model: if it is
    wrong here, it is wrong there.
How to fix: do not publish those figures; report the log and config.json to us.
Seen in: vllm #40691, a cache of a hybrid model reported four times too small.
"""

from release.rules import Findings, Found, Where, rule
from release.smoke.prediction import Prediction, Range
from release.units import binary_bytes

FIX = "do not rely on `release fit` for this checkpoint, and report it"


@rule(since="0.1.0", severity="warning")
def check(predictions: tuple[Prediction, ...]) -> Findings:
    """Report each figure whose ranges do not meet."""
    for prediction in predictions:
        for figure in prediction.figures:
            if not figure.agrees:
                predicted = _told(figure.predicted, figure.unit)
                measured = _told(figure.measured, figure.unit)
                yield Found(
                    where=Where(path=f"{prediction.start}: {figure.name}"),
                    message=f"predicted {predicted}, measured {measured}",
                    fix=FIX,
                    severity="info" if prediction.newer else None,
                )


def _told(values: Range, unit: str) -> str:
    """Write a range, or one value where both ends read the same."""
    texts = [binary_bytes(int(v)) if unit == "bytes" else f"{v:,.0f} {unit}" for v in values]
    return " to ".join(dict.fromkeys(texts))
