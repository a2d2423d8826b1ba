"""What a cell of a unit list says in its column: mended where it is plain, asked where not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.rules.files import spreadsheet_cells
from chalicelib.rules.files.spreadsheet_cells import BadCell, Cell
from chalicelib.rules.texts import old_encodings, text
from chalicelib.rules.units import contact, list_phones
from chalicelib.rules.units.listed import (
    KEPT,
    LEFT_OUT,
    READ,
    Answers,
    Asked,
    Listed,
    Mended,
    Question,
)

_DAYS = ("valid_from", "valid_to")
_SEVERAL = ("aliases", "successors")  # in one cell
_NOTHING = re.compile(r"[-‐-―−_.…]+")
_NONE = ("khong", "khong co", "chua", "chua co", "na", "n/a", "none")  # folded
_ALWAYS_SAID = ("code", "name", "bloc", "valid_from")  # there a word is what it says
_BLANKS = re.compile(r"\s+")
_BESIDE = re.compile(r"[^\S\n]+")  # of one line
_DAY = re.compile(r"(\d{1,2})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{4})")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]00:00(?::00)?")


@dataclass(frozen=True, slots=True)
class Waits:
    """The row can't be taken yet, or was left out by who answered."""

    left_out: bool


class Cells:
    """Reads the cells of one list, and keeps with it what was mended and is asked."""

    def __init__(
        self, listed: Listed, blocs: Mapping[str, str], answers: Answers, *, from_1904: bool
    ) -> None:
        self._listed = listed
        self._blocs = blocs
        self._answers = answers
        self._from_1904 = from_1904
        self._by_label = {text.fold(label): code for code, label in blocs.items()}
        self._asked_of: dict[str, str] = {}

    def read(self, line: int, column: str, cell: Cell) -> str | BadCell | Waits:
        """What is taken for this cell, as it would be typed."""
        if isinstance(cell, BadCell):
            return cell
        if isinstance(cell, int) and column in _DAYS:
            day = spreadsheet_cells.day_of(cell, from_1904=self._from_1904)
            return day.isoformat() if day else BadCell("not_a_day", str(cell))
        if isinstance(cell, date):
            return cell.isoformat()
        said = self._decoded(line, column, cell) if isinstance(cell, str) else str(cell)
        as_it_was = cell if isinstance(cell, str) and said == text.tidy(cell) else said
        if said.startswith("="):
            return BadCell("formula", said)
        if text.forbidden(said):
            return BadCell("forbidden_character", said)
        now = self._tidied(line, column, said, as_it_was)
        if column == "phone":
            return self._phone(line, now, cell)
        if column == "email" and "mailbox" in contact.read({"mailbox": now})[1]:
            return BadCell("bad_mailbox", now)
        return self._bloc(line, now) if column == "bloc" else now

    def _decoded(self, line: int, column: str, cell: str) -> str:
        """A text of another encoding, before anything of it is dropped."""
        read = old_encodings.recognised(cell)
        if read is None:
            return text.tidy(cell)
        name = f"text.{line}.{column}"
        chosen = READ if self._answers.tick(name) else KEPT
        now = _BLANKS.sub(" ", text.tidy(read.text))
        detail = (read.encoding, now)
        question = Question(name, "text", line, column, cell, (READ, KEPT), chosen, detail)
        self._listed.questions.append(question)
        return now if chosen == READ else text.tidy(cell)

    def _tidied(self, line: int, column: str, said: str, was: str) -> str:
        """One line, one blank between words; a dash or "không có" is nothing; a day by strokes."""
        several = column in _SEVERAL or column == "phone"
        now = (_BESIDE if several else _BLANKS).sub(" ", said)
        self._note(line, column, text.normal("NFC", was), now, "blanks")
        said, now = now, now.removeprefix("'").strip()
        if _NOTHING.fullmatch(now) or (column not in _ALWAYS_SAID and text.fold(now) in _NONE):
            now = ""
        self._note(line, column, said, now, "nothing")
        return self._plain(line, column, now)

    def _plain(self, line: int, column: str, said: str) -> str:
        now = said
        if column in _DAYS and (found := _DAY.fullmatch(said)):
            now = "/".join(found.groups())
        elif column in _DAYS and (found := _MIDNIGHT.fullmatch(said)):
            now = found[1]
        elif column == "order" and re.fullmatch(r"\d+[.)]", said):
            now = said[:-1]
        self._note(line, column, said, now, "sign")
        return now

    def _note(self, line: int, column: str, was: str, now: str, why: str) -> None:
        if was != now:
            self._listed.mended.append(Mended(line, column, was, now, why))

    def _phone(self, line: int, said: str, cell: Cell) -> str | BadCell:
        found = list_phones.numbers(said)
        if isinstance(cell, int) and found[0] == said and len(said) > 8:
            return BadCell("phone_as_number", said)
        if not said:
            return ""
        if not list_phones.is_one(found[0]):
            return BadCell("bad_phone", said)
        chosen = found[0]
        if len(found) > 1:
            chosen = self._ask("phone", line, "phone", said, tuple(found), found[0])
        else:
            self._note(line, "phone", said, chosen, _why_phone(said, chosen))
        return chosen

    def _bloc(self, line: int, said: str) -> str | Waits:
        """A bloc by its code or its label; another word is asked about once."""
        if said in self._blocs or not said:
            return said
        folded = text.fold(said)
        by_code = {text.fold(code): code for code in self._blocs}
        known = self._by_label.get(folded) or by_code.get(folded)
        if known:
            return known
        if folded not in self._asked_of:
            choices = (*self._blocs, LEFT_OUT)
            self._asked_of[folded] = self._ask("bloc", line, "bloc", said, choices, "", folded)
        chosen = self._asked_of[folded]
        return chosen if chosen in self._blocs else Waits(left_out=chosen == LEFT_OUT)

    def _ask(
        self,
        kind: Asked,
        line: int,
        column: str,
        said: str,
        choices: tuple[str, ...],
        proposed: str,
        of: str = "",
    ) -> str:
        name = f"{kind}.{of or line}"
        chosen = self._answers.one_of(name, choices, proposed)
        self._listed.questions.append(Question(name, kind, line, column, said, choices, chosen))
        return chosen


def _why_phone(was: str, now: str) -> str:
    """Which of both was done: the first 0 put back, or the rest of the cell left out."""
    return "zero" if now.replace("0", "", 1) == was else "phone"
