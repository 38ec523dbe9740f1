"""Write a plain diffusers folder of one variant: `python -m nano.pack --out DIR --variant base`.

`ZImagePipeline.from_pretrained(DIR)` loads it with no code of ours.
"""

import argparse
import shutil
from pathlib import Path

from nano.weights import SHARED, VARIANTS, WEIGHTS


def pack(out: Path, variant: str, weights: Path = WEIGHTS) -> None:
    """Copy the shared parts and the variant's own into one folder; existing files are replaced."""
    for part in SHARED:
        shutil.copytree(weights / part, out / part, dirs_exist_ok=True)
    shutil.copytree(weights / variant, out, dirs_exist_ok=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", choices=VARIANTS, default="turbo")
    options = parser.parse_args()
    pack(options.out, options.variant)
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.variant} packed into {options.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
