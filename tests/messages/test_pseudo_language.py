"""A second language is a second set of messages and templates, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pseudo

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.guards(
    "a second language is a second set of messages and templates",
    "a sentence in a page's code ✓",
    "a word in a sheet's cells ✓",
)
def test_every_word_of_every_page_file_and_mail_is_a_sentence_of_ours_or_data(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.pseudo", str(tmp_path / "data")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.search(r"shown (\d+) sentences (\d+) outside (\d+)", done.stderr)
    assert said, done.stderr[-2000:]
    shown, sentences, outside = map(int, said.groups())
    assert outside == 0, done.stdout
    assert (shown > 290, sentences > 20_000) == (True, True)


@pytest.mark.parametrize(
    ("source", "marked"),
    [
        ("<p>Xin chào {{ name }}, mời vào</p>", "<p>⟦Xin chào⟧ {{ name }}⟦, mời vào⟧</p>"),
        ('<a title="Mở" href="/a">Xem</a>', '<a title="⟦Mở⟧" href="/a">⟦Xem⟧</a>'),
        ("{{ 'Có' if x == 'yes' else 'no' }}", "{{ '⟦Có⟧' if x == 'yes' else 'no' }}"),
        ("<style>p { color: red }</style>a", "<style>p { color: red }</style>⟦a⟧"),
    ],
)
def test_a_template_is_marked_where_people_read(source: str, marked: str) -> None:
    assert pseudo.template(source) == marked


def test_a_module_is_marked_in_what_it_says_and_not_in_its_keys() -> None:
    import ast

    source = 'A = {"one": "Một", "two": x.get("b", "Hai")}\nB = f"Lần {n}" if k == "A B" else "c"'
    tree = pseudo.Marking().visit(ast.parse(source))
    assert ast.unparse(tree) == (
        "A = {'one': '⟦Một⟧', 'two': x.get('b', '⟦Hai⟧')}\nB = f'⟦Lần ⟧{n}' if k == 'A B' else 'c'"
    )
