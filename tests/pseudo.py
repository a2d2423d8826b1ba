"""A language that nobody speaks: each sentence of ours in ⟦⟧, each text of data Zz and a number.

Run as a program it shows every page, file and mail of an installation with everything in it, and
prints each word that stands in neither: it was written outside of messages and templates, where no
second language would reach it.
"""

import ast
import io
import re
import string
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any

OPEN, CLOSE = "⟦", "⟧"
_CODE = re.compile(r"[a-z0-9_.{}\-]*")  # what no one reads: a key, the name of a field
_HELD = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
_WORD = re.compile(r"[^\W\d_]+")
_MARK = re.compile("[\ufdd0-\ufdef]")  # of a department's own word, left as it is
_ADDRESS = re.compile(
    r"\$context\.requestId|\b(?:i\d|n_)\w*(?:\.\w+)?|\b[0-9a-f]{8}\b|[^\s⟦⟧]+@[^\s⟦⟧]+|https?://[^\s⟦⟧]+|/[^\s⟦⟧]*|[^\s⟦⟧]+\.(?:xlsx|csv)"
)
# Attributes that a person reads or hears; data-is is shown beside a cell on a phone.
_READ = ("title", "alt", "aria-label", "placeholder", "data-is")
# Data: codes of units, keys of periods; what the acts of tests/everything.py type.
_DATA = {*string.ascii_uppercase, "Zz", "zz"}  # codes of blocs, letters of a sheet's columns
# What a department calls itself where it doesn't say; it says so, so no page that is its may.
_DEFAULTS = re.compile("⟦[^⟦⟧]*(?:Sở|ngành Giáo dục|[kK]hối thi đua)[^⟦⟧]*⟧")
_TYPED = re.compile(
    "Đã triển khai “đủ”|từng tổ|Xem lại số liệu|Bão số 9|không có|Trường THPT Mới"
    "|Trần Thị Mẫu|Văn thư|make load|=A1"
)


def marked(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}" if _WORD.search(text) and not _CODE.fullmatch(text) else text


class Marking(ast.NodeTransformer):
    """A module of messages with its texts marked: not its keys, and not what it compares."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return (
            ast.copy_location(ast.Constant(marked(node.value)), node)
            if isinstance(node.value, str)
            else node
        )

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        node.values = [self.visit(value) for value in node.values]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        node.value = self.visit(node.value)
        return node

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.MatchValue:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        return node  # a docstring

    def visit_Call(self, node: ast.Call) -> ast.Call:
        called = ast.unparse(node.func)
        if called.endswith("strftime") and ast.unparse(node.args[0]).isascii():
            return node
        if called.endswith(".get"):
            node.args[1:] = [self.visit(one) for one in node.args[1:]]
            return node
        if re.search(r"compile|partition|join$|startswith|split|sub$", called):
            return node
        self.generic_visit(node)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.FormattedValue:
        node.value = self.visit(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        return node


class _Loader(SourceFileLoader):
    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:
        tree = ast.fix_missing_locations(Marking().visit(ast.parse(data)))
        return compile(tree, path, "exec", dont_inherit=True)

    def get_code(self, fullname: str) -> Any:  # noqa: ARG002 - the protocol of loaders
        return self.source_to_code(Path(self.path).read_bytes(), self.path)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec and name.startswith("chalicelib.messages") and spec.origin:
            spec.loader = _Loader(name, spec.origin)
        return spec


def template(source: str) -> str:
    """A template with every text between tags, every attribute that is read, every word in Jinja's
    own strings marked.
    """
    from jinja2 import Environment

    parts, state = [], _State()
    for _, kind, text in Environment().lex(source):  # noqa: S701 - nothing is rendered
        if kind == "data":
            parts.append(state.marked(text))
        elif kind == "string":
            inner = text[1:-1]
            parts.append(
                text[0] + (inner if "/" in inner and " " not in inner else marked(inner)) + text[-1]
            )
        else:
            parts.append(text)
    return "".join(parts)


class _State:
    """Where in HTML a piece of a template stands: in text, in a tag, in an attribute's value."""

    def __init__(self) -> None:
        self.tag, self.quote, self.name, self.raw = False, "", "", ""

    def marked(self, data: str) -> str:
        out, run = [], ""
        for piece in re.split(r"(<!--.*?-->|<[/!]?[a-zA-Z][\w-]*|>|\"|'|[\w:-]+=(?=[\"']))", data):
            if not piece:
                continue
            if not self.tag:
                if re.fullmatch(r"<[/!]?[a-zA-Z][\w-]*", piece):
                    out.append(self._text(run))
                    run, self.tag = "", True
                    self.raw = piece[1:] if piece[1:] in ("style", "script") else ""
                    out.append(piece)
                else:
                    run += piece
            elif self.quote:
                if piece == self.quote:
                    out.append(self._text(run) if self.name in _READ else run)
                    run, self.quote, self.name = "", "", ""
                    out.append(piece)
                else:
                    run += piece
            else:
                self.tag = piece != ">"
                if piece in ('"', "'"):
                    self.quote = piece
                elif piece.endswith("="):
                    self.name = piece[:-1]
                out.append(piece)
        shown = not self.tag or (self.quote and self.name in _READ)
        out.append(self._text(run) if shown else run)
        return "".join(out)

    def _text(self, run: str) -> str:
        if self.raw or not _WORD.search(run):
            return run
        return re.sub(
            r"[^\s<>&].*[^\s<>&]|[^\s<>&]", lambda found: _outside_entities(found[0]), run
        )


def _outside_entities(text: str) -> str:
    """Whole lines, but for &nbsp; and its like."""
    parts = re.split(r"(&\w+;)", text)
    return "".join(
        one if one.startswith("&") and one.endswith(";") else marked_words(one) for one in parts
    )


def marked_words(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}" if _WORD.search(text) else text


class Seen(HTMLParser):
    """What a person reads or hears of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "script")
        self.texts += [content or "" for name, content in attrs if name in _READ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)


def left(text: str) -> list[str]:
    """The words that stand in no mark and are no data."""
    text = _TYPED.sub(" ", _ADDRESS.sub(" ", text))
    unfilled = _MARK.findall(text)
    while _HELD.search(text):
        text = _HELD.sub(" ", text)
    return unfilled + [word for word in _WORD.findall(text) if word not in _DATA]


# ------------------------------------------------------------------ the run


def _begin() -> None:
    sys.meta_path.insert(0, _Finder())
    from jinja2 import FileSystemLoader

    from chalicelib.pages.frame import render

    class Loader(FileSystemLoader):
        def get_source(self, environment: Any, name: str) -> Any:
            source, path, fresh = super().get_source(environment, name)
            return (template(source) if name.endswith((".html", ".txt")) else source), path, fresh

    render._loader = lambda: Loader(render._TEMPLATES)  # type: ignore[assignment]


_TOLD = {
    "label",
    "name",
    "hint",
    "about",
    "title",
    "num_label",
    "den_label",
    "measured_in",
    "short",
}
_TOLD |= {"parent", "place", "contact", "as_of", "target"}


def _strange(found: Any, key: str = "") -> Any:
    """The same noun with each text that a person reads as Zz and a number."""
    if isinstance(found, dict):
        inside = {"blocs": "label"}.get(key, "")
        return {name: _strange(one, inside or name) for name, one in found.items()}
    if isinstance(found, list):
        return [_strange(one, "label" if key == "aliases" else key) for one in found]
    is_told = isinstance(found, str) and found and key in _TOLD
    return f"Zz{abs(hash(found)) % 1000}" if is_told else found


def _with_strange_texts(site: Any) -> None:
    import json

    from chalicelib.edges.table import Put
    from chalicelib.store import item_kinds

    for item in list(site.table.everything()):
        if item_kinds.of(item.key).name in ("programme", "form", "unit"):
            told = _strange(json.loads(str(item.body["json"])))
            if "department" in told:
                told["department"]["called"] = {"itself": "zz0", "sector": "Zz1", "bloc": "zz2"}
            body = {**item.body, "json": json.dumps(told, ensure_ascii=False)}
            site.table.write(Put(item.key, body, item.version, item.expires))


def _pages(town: Any, outbox: Path) -> Iterator[tuple[str, str]]:
    """Every page that a walk shows, but those of a form in the words of its author."""
    from tests.walk import NEW_FORM, Walk

    for one in Walk(town, outbox).pages():
        if not one.name.startswith(NEW_FORM):
            yield one.name, one.reply.body.decode()


def _files(town: Any) -> Iterator[tuple[str, str]]:
    """Every file that an officer downloads, cell by cell."""
    from openpyxl import load_workbook

    from tests.conftest import NEW
    from tests.pages.summaries.test_summary import opened
    from tests.pages.unit.test_form import Q4

    for path in (
        f"{Q4}/reports.xlsx",
        f"{Q4}/summary.xlsx",
        f"{Q4}/summary.csv",
        "years.xlsx",
        "audit.xlsx",
        "units.xlsx",
    ):
        content = opened(town.site, town.officer.get(f"/desk/{NEW}/{path}"))
        if path.endswith("csv"):
            yield path, content.decode("utf-8-sig")
            continue
        for sheet in load_workbook(io.BytesIO(content)).worksheets:
            cells = (cell for row in sheet.iter_rows(values_only=True) for cell in row)
            yield (
                f"{path} {sheet.title}",
                "\n".join(
                    [sheet.title, *(str(c) for c in cells if isinstance(c, str) and c[:1] != "=")]
                ),
            )


def _mails(folder: Path) -> Iterator[tuple[str, str]]:
    from email import policy
    from email.parser import BytesParser

    for path in sorted(folder.glob("*.eml")):
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        yield path.name, f"{mail['subject']}\n{mail.get_content()}"  # type: ignore[attr-defined]


def main(folder: Path) -> int:
    _begin()
    from chalicelib.edges import embedded
    from infra import samples
    from tests import everything
    from tests.conftest import HERE, MIDDLE_OF_Q4, Clock

    site = embedded.open_site(folder, HERE, Clock(MIDDLE_OF_Q4))
    samples.load_all(site)
    _with_strange_texts(site)
    everything.fill(site)
    town = everything.Town(site)
    shown, sentences, found = 0, 0, set[str]()
    sources: tuple[tuple[Callable[[], Iterator[tuple[str, str]]], bool], ...] = (
        (lambda: _files(town), False),
        (lambda: _pages(town, folder / "outbox"), True),
        (lambda: _mails(folder / "outbox"), False),
    )
    for source, html in sources:
        for where, text in source():
            shown += 1
            sentences += text.count(OPEN)
            for one in Seen(text).texts if html else text.split("\n"):
                if words := [*left(one), *_DEFAULTS.findall(one)]:
                    found.add(f"{where}: {' '.join(words)} | {' '.join(one.split())[:100]}")
    print("\n".join(sorted(found)))
    print(f"shown {shown} sentences {sentences} outside {len(found)}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
