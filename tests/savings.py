"""Pages that save over a network that keeps no order, and a ledger of what became of each text."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.rules.reports import draft as rules
from chalicelib.rules.reports.draft import Merged, Parked, Posted, begun, merge

NOW = datetime(2026, 12, 10, 3, 0, tzinfo=UTC)


@dataclass
class Page:
    """What a page with its script knows: what it shows, what nobody has acknowledged yet."""

    name: str
    known: int = 0
    place: int = 0
    shown: dict[str, str] = field(default_factory=dict)  # as the server's text was shown
    typed: dict[str, str] = field(default_factory=dict)  # not acknowledged
    asked: set[str] = field(default_factory=set)


@dataclass
class Message:
    page: Page
    saving: Posted
    upon: Mapping[str, str]  # what the page showed in each field before it was typed in


FIELDS = ("x", "y")


class Server:
    """One draft, its parked copies, and a ledger of its own: who wrote what upon what."""

    def __init__(self) -> None:
        self.draft = begun({}, 0, NOW)
        self.parked: dict[int, Parked] = {}
        self.wrote: dict[str, list[tuple[str, str]]] = {name: [("", "")] for name in FIELDS}
        self.newest: dict[str, int] = {}
        self.came: dict[tuple[str, str], str] = {}  # (page, field) -> what it typed last
        self.told = Counter[str]()

    def takes(self, message: Message) -> Merged:
        """What came of it, by the ledger's own rules."""
        saving = message.saving
        late = saving.place <= self.newest.get(saving.page, 0)
        merged = self._merged(saving)
        for name in merged.taken:
            assert not late, "an older saving was taken after a newer one of its page"
            self._written(message, name, saving.typed[name])
        self.newest[saving.page] = max(saving.place, self.newest.get(saving.page, 0))
        if not late:
            self.came |= {(saving.page, name): text for name, text in saving.typed.items()}
        self.told["late" if late else "in time"] += 1
        self.told["taken"] += len(merged.taken)
        self.told["asked"] += len(merged.asked)
        return merged

    def _merged(self, saving: Posted) -> Merged:
        merged = merge(self.draft, saving)
        if merged.asked:
            number = rules.slot(self.parked, saving.page)
            assert number is not None
            made = Parked(number, merged.asked, 0, NOW, "clash", saving.page, saving.place)
            self.parked[number] = rules.park(self.parked.get(number), made)
        self.draft = merged.draft
        return merged

    def waiting(self) -> list[tuple[str, dict[str, str]]]:
        """What is parked: of which page, and what."""
        return [(one.page, dict(one.typed)) for one in self.parked.values()]

    def _written(self, message: Message, name: str, text: str) -> None:
        page, (writer, replaced) = message.saving.page, self.wrote[name][-1]
        assert writer == page or replaced == message.upon[name], "overwritten and never shown"
        assert not text or (page, text) not in self.wrote[name], "taken twice"
        self.wrote[name].append((page, text))

    def lost(self) -> list[tuple[str, str, str]]:
        """What somebody typed last that is neither stored, nor was, nor waits to be asked about."""
        return [
            (page, name, text)
            for (page, name), text in self.came.items()
            if text not in {one for _, one in self.wrote[name]}
            and not any(of == page and typed.get(name) == text for of, typed in self.waiting())
        ]


class Story:
    """Pages that type, save, and hear answers, over a network that keeps no order."""

    def __init__(self, server: Server, pages: list[str]) -> None:
        self.server = server
        self.pages = [Page(name) for name in pages]
        self.waiting: list[Message] = []
        self.answers: list[tuple[Message, Merged]] = []
        self.tokens = 0

    def types(self, page: Page, name: str, empties: bool) -> None:
        if name in page.asked:
            return
        self.tokens += 1
        page.typed[name] = "" if empties else f"t{self.tokens}"

    def saves(self, page: Page) -> None:
        fields = {name: text for name, text in page.typed.items() if name not in page.asked}
        if not fields:
            return
        page.place += 1
        saving = Posted(fields, 0, NOW, page.known, page.name, page.place)
        upon = {name: page.shown.get(name, "") for name in fields}
        self.waiting.append(Message(page, saving, upon))

    def brings(self, which: int, again: bool, lost: bool) -> None:
        if self.waiting:
            place = which % len(self.waiting)
            message = self.waiting[place] if again else self.waiting.pop(place)
            merged = self.server.takes(message)
            if not lost:
                self.answers.append((message, merged))

    def hears(self, which: int) -> None:
        """The script's own rules: shown, acknowledged, asked about in place."""
        if not self.answers:
            return
        message, merged = self.answers.pop(which % len(self.answers))
        page, saving = message.page, message.saving
        if merged.draft.revision < page.known:
            return
        page.known = merged.draft.revision
        for name in FIELDS:
            stands = merged.draft.typed.get(name, "")
            sent_as_is = name in saving.typed and page.typed.get(name) == saving.typed[name]
            if name in merged.asked:
                page.asked.add(name)
            elif sent_as_is:
                del page.typed[name]
            elif name in page.typed and name in merged.theirs:
                page.asked.add(name)
            page.shown[name] = stands

    def decides(self, page: Page, name: str, mine: bool) -> None:
        if name in page.asked:
            page.asked.remove(name)
            if not mine:
                page.typed.pop(name, "")
