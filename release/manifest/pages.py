"""Markdown that people put into release.toml: it must end where it ends."""

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}#{1,2}(?:\s|$)")
_UNDER = re.compile(r" {0,3}(?:=+|-+)\s*")
_NO_PARAGRAPH = re.compile(r"\s*(?:$|#{1,6}\s|>|[-*+]\s|\d+[.)]\s)|\s{4}")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)\b[^<>]*?(/?)>")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_RUNS = re.compile(
    r"(?:\]\(\s*<?|\]:\s*<?|<|href\s*=\s*[\"']?)\s*(javascript|vbscript|data):", re.IGNORECASE
)
_ALONE = {"br", "hr", "img", "input", "source", "wbr", "col", "p", "li", "td", "th", "tr"}
_NEVER = {"script", "style", "iframe", "object", "textarea", "title", "plaintext"}


def breaks_out(text: str) -> str | None:
    """What in a text would reach beyond it on a card; None where nothing does.

    A fence, a comment or a tag left open takes all that follows; a heading of the card's own level
    begins a section that the card did not write.
    """
    fence, prose, paragraph = "", [], False
    for line in text.splitlines():
        match = _FENCE.fullmatch(line)
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
            continue
        if match and not ("`" in match[1] and "`" in match[2]):
            fence, paragraph = match[1], False
            continue
        if _HEADING.match(line) or (paragraph and _UNDER.fullmatch(line)):
            return "has a heading of the card's own level: use ### or deeper"
        prose.append(line)
        paragraph = not _NO_PARAGRAPH.match(line)
    if fence:
        return f"opens a block of code with {fence} and does not close it"
    text = _CODE.sub("", "\n".join(prose))
    if found := _RUNS.search(text):
        return f"has a link to {found[1].lower()}:, which the Hub takes out"
    return _open_tags(text)


def _open_tags(text: str) -> str | None:
    bare = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    if "<!--" in bare:
        return "opens a comment with <!-- and does not close it"
    if found := re.search(r"<[?!]", bare):
        return f"opens {found[0]} and does not close it"
    stack: list[str] = []
    for closing, name, alone in _TAG.findall(bare):
        tag = name.lower()
        if tag in _NEVER:
            return f"has <{tag}>, which the Hub takes out"
        if alone or tag in _ALONE:
            continue
        if not closing:
            stack.append(tag)
        elif tag not in stack:
            return f"closes </{tag}>, which it did not open"
        else:
            del stack[len(stack) - 1 - stack[::-1].index(tag) :]
    return f"opens <{stack[-1]}> and does not close it" if stack else None
