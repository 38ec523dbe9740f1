"""Where the product's own files lie: the bundled models and the examples, in a checkout or a wheel."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NANO_WEIGHTS = ROOT / "nano" / "weights"
EXAMPLE_FORMS = ROOT / "examples" / "forms.csv"
