"""What is installed: every package of every set pinned, and every file of it by its hash."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from infra.pins import ROOT, SETS, head, pins

MACHINES = (
    {"extra": ""},
    {"extra": "", "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    {"extra": "", "sys_platform": "darwin", "platform_system": "Darwin"},
    {"extra": "", "python_version": "3.14", "python_full_version": "3.14.0"},
)
A_HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}( \\)?")


def requirements(text: str) -> list[str]:
    """Each requirement with all its lines."""
    return [one for one in re.split(r"\n(?=\S)", text.strip()) if not one.startswith(("#", "-r "))]


def faults(text: str) -> list[str]:
    """Requirements that are not one pin with at least one hash and nothing else."""
    found = []
    for one in requirements(text):
        first, *hashes = one.split("\n")
        whole = len(pins(first)) == 1 and bool(hashes)
        if not whole or not all(A_HASH.fullmatch(line) for line in hashes):
            found.append(first)
    return found


@pytest.mark.parametrize("name", SETS)
def test_every_package_of_a_set_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert requirements(text)
    assert faults(text) == []


def test_no_set_is_forgotten() -> None:
    found = [*ROOT.glob("requirements*.txt"), *ROOT.glob("[!.]*/requirements*.txt")]
    assert sorted(str(path.relative_to(ROOT)) for path in found) == sorted(SETS)


def test_a_pin_without_a_hash_and_a_range_are_faults() -> None:
    good = "six==1.17.0 \\\n    --hash=sha256:" + "0" * 64
    assert faults(good) == []
    assert faults("six==1.17.0") == ["six==1.17.0"]
    assert faults(good.replace("==", ">=")) == ["six>=1.17.0 \\"]
    assert faults(good + "\nhttps://example.org/x.whl") == ["https://example.org/x.whl"]


def test_a_package_in_two_sets_that_are_installed_together_is_one_version() -> None:
    for name in SETS:
        path = ROOT / name
        together = pins(path.read_text("utf-8"))
        for line in head(path.read_text("utf-8")):
            if line.startswith("-r "):
                together += pins((path.parent / line[3:]).read_text("utf-8"))
        named = {pin.partition("==")[0].lower() for pin in together}
        assert len(named) == len(set(map(str.lower, together))), name


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_one_machine_installs_names_all_that_it_brings_along() -> None:
    """The tests' own set holds more: it must not be what makes the smaller one whole."""
    text = "\n".join((ROOT / name).read_text("utf-8") for name in SETS[:2])
    held = {plain(pin.partition("==")[0]) for pin in pins(text)}
    missing = []
    for pin in pins(text):
        if ";" in pin:  # of another system: not installed here
            continue
        for line in distribution(pin.partition("==")[0]).requires or []:
            wanted = Requirement(line)
            needed = not wanted.marker or any(wanted.marker.evaluate(one) for one in MACHINES)
            if needed and plain(wanted.name) not in held:
                missing.append(f"{pin}: {line}")
    assert missing == []


def test_another_file_under_a_pinned_name_is_not_installed(tmp_path: Path) -> None:
    wheel = tmp_path / "six-1.17.0-py2.py3-none-any.whl"
    wheel.write_bytes(b"not the file that was pinned")
    pin = next(one for one in requirements((ROOT / SETS[1]).read_text()) if one.startswith("six=="))
    (tmp_path / "set.txt").write_text(pin + "\n")
    command = [sys.executable, "-m", "pip", "download", "--no-index", "--find-links", str(tmp_path)]
    command += ["--no-deps", "--require-hashes", "--dest", str(tmp_path / "got")]
    command += ["--requirement", str(tmp_path / "set.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
