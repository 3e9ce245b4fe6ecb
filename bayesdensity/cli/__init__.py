"""The command line: thin commands over the Python API. Heavy modules are imported inside commands."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pkgutil import iter_modules

from bayesdensity.base.errors import BayesDensityError
from bayesdensity.cli.common import INTERRUPTED, PIPE_CLOSED, app, say

__all__ = ["app", "main"]

for module in iter_modules(__path__):  # each registers its commands
    import_module(f"{__name__}.{module.name}")


def main() -> None:
    """Run the command line; errors are one message on standard error and an exit status."""
    # A command is short: looking for cycles costs a tenth of its time, half of that when the process ends.
    gc.disable()
    try:
        status = app()
    except BayesDensityError as error:
        say(f"error: {error}")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        say("interrupted; nothing was written.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(PIPE_CLOSED)
    finally:
        gc.freeze()
        gc.enable()
    sys.exit(status if isinstance(status, int) else 0)
