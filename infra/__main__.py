"""python -m infra COMMAND"""

import sys

from infra.breaking import in_one_line


def main() -> int:
    """Commands for AWS stand apart: the others need nothing of it, and these no site."""
    match sys.argv[1:]:
        case ["package", *rest]:
            from infra.package import main as package

            return package(rest)
        case ["deploy" | "destroy", *_]:
            from infra.stage_commands import main as deploy

            return deploy(sys.argv[1:])
        case _:
            from infra.commands import main as command

            return command()


sys.exit(in_one_line(main))
