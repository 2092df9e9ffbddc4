"""Pictures of pages, to look at: `python -m tests.browser.screenshots page.html --out FOLDER`.

Each page at both widths, light and dark, and without JavaScript.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.browser.chromium import THEMES, WIDTHS, opened, started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--behind", default="", help="what stands behind the path in the URL, from # or ? on")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with started() as browser:
        for page in options.pages:
            for name, width in WIDTHS.items():
                for theme, javascript in ((THEMES[0], True), (THEMES[1], True), (THEMES[0], False)):
                    shown = opened(
                        browser, page, width=width, theme=theme, javascript=javascript, behind=options.behind
                    )
                    kind = theme if javascript else "without-javascript"
                    shown.picture(options.out / f"{page.stem}-{name}-{kind}.png")
                    shown.close()


if __name__ == "__main__":
    main()
