"""The chat template does not parse, crashes, or drops the conversation.

What it checks: every template parses as in transformers, renders a user's message within limits,
    prints it and opens the assistant's turn when asked; a conversation renders too, and all of its
    turns are printed; templates in two places are the same.
    Refusing a system message or an order of roles is a template's right.
Why it matters: a broken template answers every chat request with an error, a wrong one quietly
    costs quality. Where there are two, readers differ in which they take.
How to fix: copy the template from the base model; keep it in chat_template.jinja only.
Seen in: chat API 500 after templates were edited by hand.
"""

from release.architecture import ModelConfig
from release.checkpoint.kinds import INSTEAD
from release.facts.contents import Contents
from release.facts.rendering import Rendering, Renderings
from release.facts.rendering.conversations import ANSWER, QUESTION
from release.facts.tokenizer import SETTINGS_FILE, TEMPLATE_FILES, Tokenizer
from release.rules import Findings, Found, Where, rule

MAIN = (*TEMPLATE_FILES, SETTINGS_FILE)
# Formats in which an answer needs an opening that names the role.
TURN_STARTS = ("<|im_start|>", "<|start_header_id|>", "<start_of_turn>")
ROLES = ("assistant", "model")
ASKED = 2  # times in the conversation
FIX = "copy the chat template from the base model"


@rule(since="0.1.0")
def check(
    config: ModelConfig, tokenizer: Tokenizer, renderings: Renderings, contents: Contents
) -> Findings:
    """Judge each template alone, then whether the places agree; F106 has what is none at all."""
    for problem in tokenizer.problems:
        if problem.file in TEMPLATE_FILES and contents.kinds.get(problem.file) not in INSTEAD:
            yield Found(Where(file=problem.file), problem.what, FIX)
    multimodal = config.vision is not None or "audio_config" in config.raw
    for place, rendering in renderings.items():
        file, _, name = place.partition(": ")
        where = Where(file=file, path=name or None)
        if rendering.syntax is not None:
            yield Found(where, f"does not parse: {rendering.syntax}", FIX)
        elif place in MAIN and tokenizer.templates.get(place) != "":
            yield from _judge(where, rendering, multimodal)
    # A processor's template and its tokenizer's differ by right: one of them knows no images.
    first, second = (tokenizer.templates.get(place) for place in (MAIN[0], SETTINGS_FILE))
    if first and second and not multimodal and _squeezed(first) != _squeezed(second):
        yield Found(
            where=Where(file=SETTINGS_FILE),
            message=f"its chat template is not the one of {MAIN[0]}",
            fix=f"keep one of them, in {MAIN[0]}",
            severity="warning",
        )


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _judge(where: Where, rendering: Rendering, multimodal: bool) -> Findings:
    prompt, question = rendering.turns.get("prompt"), rendering.turns.get("question")
    if prompt is None or question is None or prompt.refused:
        return
    parts = rendering.turns.get("parts", prompt)
    if multimodal and QUESTION not in (prompt.text or "") and QUESTION in (parts.text or ""):
        return  # it takes messages in parts alone
    if prompt.text is None:
        severity = "warning" if multimodal else None
        yield Found(where, f"fails on a user's message: {prompt.error}", FIX, severity)
    elif QUESTION not in prompt.text:
        yield Found(where, "drops the user's message", FIX, "warning")
    elif prompt.text == question.text and any(start in prompt.text for start in TURN_STARTS):
        tail = prompt.text.rpartition(QUESTION)[2]
        if not any(role in tail for role in ROLES):
            message = "add_generation_prompt has no effect, so no turn is opened for the answer"
            yield Found(where, message, FIX, "warning")
    else:
        yield from _conversation(where, rendering, multimodal)


def _conversation(where: Where, rendering: Rendering, multimodal: bool) -> Findings:
    """What becomes of a second question."""
    turns = rendering.turns.get("conversation")
    if turns is None or turns.refused or multimodal:
        return
    if turns.text is None:
        yield Found(where, f"fails on a second question: {turns.error}", FIX)
    elif turns.text.count(QUESTION) < ASKED or ANSWER not in turns.text:
        yield Found(where, "drops the earlier turns of a conversation", FIX, "warning")
