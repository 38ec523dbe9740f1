"""`python -m zimage_core`: a core without the rest of the product."""

import argparse
import os
import sys
from pathlib import Path

from schemas import AssetError, settings_from
from zimage_core.main import STOPPED, serve_one, serve_supervised

NANO_WEIGHTS = Path(__file__).resolve().parent.parent / "nano" / "weights"


def main() -> int:
    """Serve as the environment says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m zimage_core", description="Serve the resident core.")
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, choices=range(1 << 16), metavar="PORT", help="0 takes a free one")
    parser.add_argument("--listener", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    try:
        changes = {name: value for name in ("host", "port") if (value := getattr(given, name)) is not None}
        settings = settings_from(dict(os.environ)).core.model_copy(update=changes)
        if given.listener is not None:
            serve_one(settings, NANO_WEIGHTS, given.listener)
        return serve_supervised([sys.executable, "-m", "zimage_core"], settings)
    except AssetError as error:
        sys.stderr.write(f"packshot: {error.message}\n")
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
