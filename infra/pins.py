"""The lock of every set of requirements: of each pinned release, the hash of every file of it.

pip then installs nothing else under that name and version, whoever serves it. To move a pin,
change its version and run `make pins`.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETS = (
    "requirements.txt",
    "requirements-local.txt",
    "requirements-dev.txt",
    "bench/requirements.txt",
    "infra/requirements-lambda.txt",
    "infra/requirements-lint.txt",
    "infra/requirements-ministack.txt",
    "infra/requirements-pins.txt",
)
_PIN = re.compile(r"[A-Za-z0-9._-]+==[^\s\\;]+(?: *;[^\\]+)?")


def pins(text: str) -> list[str]:
    """`name==version` of each line that pins one, with where it is needed, without its hashes."""
    found = (_PIN.match(line) for line in text.splitlines())
    return [one[0].rstrip() for one in found if one]


def head(text: str) -> list[str]:
    """What a set says of itself, and the sets that it builds on."""
    return [line for line in text.splitlines() if line.startswith(("#", "-r "))]


def locked(path: Path) -> str:
    """The set with the hashes that the index names now. Raises CalledProcessError."""
    text = path.read_text("utf-8")
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "-", "--quiet"]
    command += ["--generate-hashes", "--no-deps", "--no-header", "--no-annotate", "--no-config"]
    command += ["--universal"]
    asked = "\n".join(pins(text))
    done = subprocess.run(command, input=asked, text=True, capture_output=True, check=True)
    return "\n".join([*head(text), done.stdout])


def main() -> None:
    for name in SETS:
        path = ROOT / name
        try:
            text = locked(path)
        except subprocess.CalledProcessError as error:
            print(f"baocao: {name} stays as it is:\n{error.stderr}".rstrip(), file=sys.stderr)
            sys.exit(1)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
