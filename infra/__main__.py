"""python -m infra COMMAND"""

import sys

from infra.commands import main

sys.exit(main())
