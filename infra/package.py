"""What goes to Lambda: one zip and one template, the same bytes in any folder on any day."""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from chalicelib.pages.frame import render
from infra.stack import STAGES

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out"
RUNTIME = (3, 11)  # Chalice takes Lambda's from the Python that packages; .pyc fit only their own
LARGEST = 15_000_000  # bytes of the zip
SOURCES = ("app.py", "chalicelib", "templates", "vendor", "requirements.txt", ".chalice")
_ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time of every entry: the first that a zip can say
_REGION = "ap-southeast-1"  # Chalice wants to be told one; nothing of it stays in the template
_SPARE = re.compile(
    r"(^|/)__pycache__/|\.py[co]$"  # ours are made below
    r"|^(boto3|botocore|s3transfer)[/-]"  # Lambda brings them
    r"|^[^/]+\.data/"  # scripts and headers of wheels
    r"|\.dist-info/(?!METADATA$)"
    r"|(^|/)tests?/"
    r"|^pyxform/(validators/odk_validate/bin|validators/enketo_validate/bin|translators)/"
    r"|^pydantic/(v1/|mypy\.py$)"  # its former API and its plugin for a type checker
    r"|^babel/locale-data/(?!(root|vi|vi_VN|en)\.dat$)"
    r"|\.(pyi|jar|exe|c|pyx|pxd)$"
)


class NotPackaged(Exception):
    """Why there is no package, in one line."""


@dataclass(frozen=True, slots=True)
class Package:
    zip: Path
    template: Path
    digest: str  # SHA-256 of the zip
    size: int


def is_kept(name: str) -> bool:
    """Whether a file of the zip that Chalice makes goes to Lambda."""
    return not _SPARE.search(name)


def package(stage: str, out: Path = OUT, root: Path = ROOT) -> Package:
    """Write deployment.zip and template.json. Raises NotPackaged."""
    _check_python()
    with TemporaryDirectory(prefix="baocao-package-") as temporary:
        source, built, kept = (Path(temporary) / one for one in ("source", "built", "kept"))
        _copy(root, source)
        _chalice(source, built, stage, _wheels(root / "requirements.txt"))
        _unpack(built / "deployment.zip", kept)
        _compile_templates(source, kept / render.COMPILED)
        _compile(kept)
        out.mkdir(parents=True, exist_ok=True)
        _zip(kept, out / "deployment.zip")
        text = as_text(_completed(built))
    (out / "template.json").write_text(text, "utf-8")
    content = (out / "deployment.zip").read_bytes()
    if len(content) > LARGEST:
        raise NotPackaged(f"the zip has {len(content):,} bytes, more than {LARGEST:,}")
    digest = hashlib.sha256(content).hexdigest()
    return Package(out / "deployment.zip", out / "template.json", digest, len(content))


def template(stage: str, root: Path = ROOT) -> dict[str, Any]:
    """The template alone, without waiting for libraries. Raises NotPackaged."""
    _check_python()
    with TemporaryDirectory(prefix="baocao-package-") as temporary:
        source, built = (Path(temporary) / one for one in ("source", "built"))
        _copy(root, source)
        (source / "requirements.txt").write_text("")
        _chalice(source, built, stage, source)
        return _completed(built)


def _check_python() -> None:
    if sys.version_info[:2] != RUNTIME:
        wanted, this = (".".join(map(str, v)) for v in (RUNTIME, sys.version_info[:2]))
        raise NotPackaged(f"Lambda's runtime is Python {wanted}, this is {this}: run {wanted}'s")


def _copy(root: Path, source: Path) -> None:
    """Only what is packaged: no caches, no data, and links stay links, as Chalice wants them."""
    source.mkdir()
    for name in SOURCES:
        if (root / name).is_dir():
            spare = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
            shutil.copytree(root / name, source / name, symlinks=True, ignore=spare)
        else:
            shutil.copy2(root / name, source / name)
    shutil.copy2(root / "infra" / "resources.yaml", source / "resources.yaml")


def _wheels(requirements: Path) -> Path:
    """The libraries for Lambda, fetched once: packaging again needs no network."""
    pins = requirements.read_bytes()
    kept = ROOT / ".venv" / "wheels" / hashlib.sha256(pins).hexdigest()[:16]
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    fetched = Path(mkdtemp(dir=kept.parent))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--platform", "manylinux2014_x86_64"]
    command += ["--implementation", "cp", "--python-version", ".".join(map(str, RUNTIME))]
    command += ["--dest", str(fetched), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        if done.returncode:
            raise NotPackaged(f"the libraries can't be fetched:\n{done.stderr}".rstrip())
        fetched.rename(kept)
    except OSError:
        if not kept.exists():  # else another one was faster
            raise
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return kept


def _chalice(source: Path, built: Path, stage: str, wheels: Path) -> None:
    """Chalice imports the app to see its routes: with no setting of this machine."""
    spare = ("AWS_", "TABLE", "BUCKET", "SENDER", "WORKER", "PUBLIC_URL", "PYTHON")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(spare)}
    told = {"AWS_DEFAULT_REGION": _REGION, "PYTHONDONTWRITEBYTECODE": "1"}
    told |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    program = Path(sys.executable).with_name("chalice")
    command = [str(program), "package", "--stage", stage, str(built)]
    command += ["--merge-template", "resources.yaml"]
    done = subprocess.run(
        command, cwd=source, env=kept | told, capture_output=True, text=True, check=False
    )
    if done.returncode or not (built / "deployment.zip").exists():
        raise NotPackaged(f"Chalice can't package:\n{done.stdout}{done.stderr}".rstrip())


def _unpack(made: Path, kept: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        archive.extractall(kept, [name for name in archive.namelist() if is_kept(name)])


def _compile_templates(source: Path, target: Path) -> None:
    """By the sources that are packaged, with the Jinja that is pinned for both."""
    program = (
        "import sys; from pathlib import Path; from chalicelib.pages.frame import render; "
        "render.compile_into(Path(sys.argv[1]))"
    )
    _run(
        [sys.executable, "-c", program, str(target)],
        "what can't be compiled can't be shown",
        cwd=source,
        PYTHONPATH=str(source),
        PYTHONDONTWRITEBYTECODE="1",
    )


def _compile(kept: Path) -> None:
    """Lambda's folder is read-only, so Python could keep no .pyc there.

    Unchecked: the times in a zip say nothing. In one process with one seed, since what Python
    shares while it compiles shows in the bytes; without the path, which Python puts in itself.
    """
    command = [sys.executable, "-sS", "-m", "compileall", "-qq", "-f", "-s", str(kept)]
    command += ["--invalidation-mode", "unchecked-hash", str(kept)]
    _run(command, "what can't be compiled can't run", PYTHONNODEBUGRANGES="1")


def _run(command: Sequence[str], why: str, cwd: Path | None = None, **settings: str) -> None:
    """With one seed, so that its bytes are the same each time. Raises NotPackaged."""
    own = {"PYTHONHASHSEED": "0", **settings}
    done = subprocess.run(command, cwd=cwd, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPackaged(f"{why}:\n{done.stdout}{done.stderr}".rstrip())


def _zip(folder: Path, target: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ALWAYS)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # Unix, wherever it was made
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


def _completed(built: Path) -> dict[str, Any]:
    """Chalice's template, with the pages that API Gateway shows by itself."""
    import yaml

    from infra.gateway_pages import answers

    made: dict[str, Any] = yaml.safe_load((built / "sam.yaml").read_text("utf-8"))
    body = made["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    body["x-amazon-apigateway-gateway-responses"] = answers()
    return made


def as_text(template: dict[str, Any]) -> str:
    return json.dumps(template, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def placed(template: dict[str, Any], bucket: str, key: str) -> dict[str, Any]:
    """The template once the zip lies in the bucket under this key."""
    found = json.loads(json.dumps(template))
    for resource in found["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return dict(found)


def largest(entries: Iterable[tuple[str, int]], most: int = 8) -> Iterator[tuple[str, int]]:
    """The parts that take the most room: top folders, with their bytes in the zip."""
    sizes: Counter[str] = Counter()
    for name, size in entries:
        part = name.removeprefix("__pycache__/").partition("/")[0]
        sizes[part.removesuffix(".cpython-311.pyc")] += size
    yield from sizes.most_common(most)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="package", description=__doc__)
    parser.add_argument("--stage", choices=STAGES, default="dev")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    try:
        made = package(given.stage, given.out)
    except NotPackaged as problem:
        print(f"baocao: {problem}", file=sys.stderr)
        return 1
    with zipfile.ZipFile(made.zip) as archive:
        for name, size in largest((one.filename, one.compress_size) for one in archive.infolist()):
            print(f"{size / 1e6:6.2f} MB  {name}")
    print(f"{made.size / 1e6:6.2f} MB  {made.zip}, SHA-256 {made.digest}")
    print(f"{made.template.stat().st_size / 1e6:6.2f} MB  {made.template}")
    return 0
