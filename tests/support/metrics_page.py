"""Writes docs/metrics.md anew: ``python -m tests.support.metrics_page``."""

from pathlib import Path

import web
from web.metrics import markdown

PAGE = Path(web.__file__).parent.parent / "docs" / "metrics.md"

if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
