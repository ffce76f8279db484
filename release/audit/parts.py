"""Which modules of the model a text names: by their own names, else by those of components."""

import re

from release.audit.subjects import WHOLE, component

MODULE = re.compile(
    r"(?<![\w-])(?:(?:[\w*]+\.)*(?P<name>\w+_proj(?:_\w+)?|in_proj_\w+|lm_head|embed_tokens|conv1d)"
    r"|(?P<many>[qkvo](?:\s*[/,]\s*[qkvo])+|gate\s*/\s*up(?:\s*/\s*down)?)(?:[_ ]proj)?"
    r"|(?P<one>gate|up|down|output)(?=(?: and \w+)? projections?))(?![\w-])"
)
BRACES = re.compile(r"\{([\w, ]{1,60})\}(\w*)")
DOTTED = re.compile(r"[a-z_*]\w*(?:\.[\w*]+)+")
APART = re.compile(r"\s*(?:[,;+&•()]|\band\b|\s/\s)\s*")
ARTICLES = re.compile(
    r"^(?:(?:all|the|its|only|both|each|every|just)\s+)+"
    r"|\s+(?:layers?|weights?|modules?|projections?|blocks?|linears?|tensors?)$",
    re.IGNORECASE,
)


def parts_of(text: str) -> tuple[str, ...]:
    """The modules that a text names, by the last part of their name; else its components."""
    text = BRACES.sub(spread, text)
    names = [name for match in MODULE.finditer(text) for name in names_of(match)]
    if names:
        return tuple(dict.fromkeys(names))
    pieces = APART.split(re.sub(r"\([^()]*\)", "", text).strip())
    found = [component(ARTICLES.sub("", piece)) for piece in pieces if piece]
    known = [part for part in found if part is not None and part != WHOLE]
    if known and len(known) == len(found):
        return tuple(known)
    return (text,) if DOTTED.fullmatch(text) else ()


def spread(braces: re.Match[str]) -> str:
    """`{q,k,v}_proj` as three names."""
    return ", ".join(f"{name.strip()}{braces[2]}" for name in braces[1].split(","))


def names_of(match: re.Match[str]) -> list[str]:
    """The names that a match of `MODULE` stands for: `q/k/v` for three."""
    if match["name"]:
        return [match["name"]]
    if match["one"]:
        return [f"{match['one'][0] if match['one'] == 'output' else match['one']}_proj"]
    return [f"{letter.strip()}_proj" for letter in re.split(r"[/,]", match["many"])]
