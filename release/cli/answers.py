"""What `release fit` prints: the answers to its question, one for each GPU and command."""

from typing import Any

import msgspec

from release.cli.console import rich_text, terminal_width
from release.fit.document import to_document
from release.fit.solve import Fit, Question
from release.tables import Table
from release.tables.fit import STARTING, commands, fit_tables, requests_table, verdict
from release.tables.markdown import write_tables
from release.tables.terminal import draw_tables
from release.text import code_block, markdown, printable

STARTS, DOES_NOT, UNCERTAIN = 0, 1, 3
LENGTHS_WIDE, ANSWER_WIDE = 12, 22  # characters of a table's columns


class Answers(msgspec.Struct, frozen=True):
    """Each answer with the smallest change that would make it start, if it does not.

    `gaps` are questions beside them that have none, and why; `left` says which were not asked.
    """

    fits: tuple[tuple[Fit, Fit | None], ...]
    gaps: tuple[tuple[Question, str], ...] = ()
    left: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 if one does not start, 3 if that is not certain."""
        found = {fit.answer.starts for fit, _ in self.fits}
        if False in found:
            return DOES_NOT
        return UNCERTAIN if None in found or self.gaps else STARTS

    def json(self) -> str:
        """One object for one answer, a list for several."""
        documents: list[dict[str, Any]] = [
            {**self._asked(fit.question), **to_document(fit, change)} for fit, change in self.fits
        ]
        documents += [{**self._asked(q), "not_estimated": why} for q, why in self.gaps]
        documents += [{"not_judged": why} for why in self.left]
        value = documents[0] if len(documents) == 1 else documents
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()

    def markdown(self) -> str:
        """Tables under headings."""
        heads = [markdown(head) for head in self._heads()]
        ends = [f"{what}:\n\n{code_block(text, 'sh')}" for what, text in self._commands()]
        return "\n\n".join((*heads, write_tables(self._tables()), *ends))

    def human(self, *, color: bool) -> str:
        """Verdicts, tables and commands; a command is one line, there to be copied."""
        from rich.console import Group  # noqa: PLC0415 - only what people read
        from rich.text import Text  # noqa: PLC0415

        heads = [Text(head, "bold") for head in self._heads()]
        tables = draw_tables(self._tables(terminal_width()))
        drawn = rich_text(Group(*heads, Text(""), tables), color=color)
        return drawn + "".join(f"{what}:\n  {printable(text)}\n" for what, text in self._commands())

    def picture(self) -> str:
        """Context against concurrency, one line for each answer, as SVG."""
        from release.tables.pictures import requests_picture  # noqa: PLC0415

        return requests_picture([fit for fit, _ in self.fits])

    def _tables(self, width: int | None = None) -> tuple[Table, ...]:
        """The tables; of several answers no more abreast than `width` characters hold."""
        if len(self.fits) == 1:
            return fit_tables(self.fits[0][0])
        fits = [fit for fit, _ in self.fits]
        count = len(fits) if width is None else max((width - LENGTHS_WIDE) // ANSWER_WIDE, 1)
        return tuple(requests_table(fits[i : i + count]) for i in range(0, len(fits), count))

    def _heads(self) -> list[str]:
        found = [f"{self._where(fit.question)}{verdict(fit)}" for fit, _ in self.fits]
        return [*found, *(f"{self._where(q)}{why}" for q, why in self.gaps), *self.left]

    def _commands(self) -> list[tuple[str, str]]:
        pairs = [
            (f"{self._where(fit.question, what)}{what}", text)
            for fit, change in self.fits
            for what, text in commands(fit, change)
        ]
        return list(dict.fromkeys(pairs))

    def _asked(self, question: Question) -> dict[str, str]:
        """Which of several questions it is."""
        where = self._where(question).removesuffix(": ")
        return {"asked": where} if where else {}

    def _where(self, question: Question, what: str = STARTING) -> str:
        """The command and the GPU, where there are several; what was asked is so of every GPU."""
        gpu = question.gpu if what == STARTING and len(self.fits) + len(self.gaps) > 1 else None
        parts = [question.label, gpu.name if gpu else ""]
        return "".join(f"{part}: " for part in parts if part)
