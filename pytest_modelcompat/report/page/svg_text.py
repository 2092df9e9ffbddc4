"""An SVG as the page holds it: named for screen readers, in the page's colours, without what nobody sees."""

from __future__ import annotations

import re
from html import escape

# Colours that a chart is drawn in, each for a class of the page's style: Altair takes none of CSS' own names for them.
INK, BAR, FIRST, RULE = "#010203", "#010204", "#010205", "#010206"
_CLASSES = {INK: "ink", BAR: "bar", FIRST: "first", RULE: "rule"}
_UNSEEN = (
    r' (?:pointer-events|aria-hidden|aria-roledescription|role|class|font-family|xmlns:xlink|version)="[^"]*"',
    r' (?:opacity|stroke-width|stroke-opacity)="1"',
    r' (?:x2|y2)="0"',
    r' transform="translate\(0,0\)"',
)
_EMPTY = r'<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?/>|<g></g>|<g/>'


def page_svg(svg: str, chart_id: str, title: str, description: str) -> str:
    """An SVG for the page.

    Args:
        svg: as Vega writes it.
        chart_id: an id that no other chart of the page has.
        title: its name.
        description: what it shows, in words.
    """
    svg = re.sub(r"<[^>]*>", lambda found: _tag(found[0]), svg)
    before = None
    while before != svg:
        before = svg
        svg = re.sub(_EMPTY, "", svg)
        svg = re.sub(r"<g>((?:(?!</?g[ >]).)*)</g>", r"\1", svg)
    head = f'<svg role="img" aria-labelledby="{chart_id}t {chart_id}d"'
    named = f'<title id="{chart_id}t">{escape(title)}</title><desc id="{chart_id}d">{escape(description)}</desc>'
    return re.sub(r"<svg([^>]*)>", lambda found: f"{head}{found[1]}>{named}", svg, count=1)


def _tag(tag: str) -> str:
    """A tag without what nobody sees; the texts between tags are names, and stay as they are."""
    for pattern in _UNSEEN:
        tag = re.sub(pattern, "", tag)
    tag = re.sub(r"-?\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), tag)
    for colour, name in _CLASSES.items():
        tag = re.sub(f' (fill|stroke)="{colour}"', rf' class="{name}-\1"', tag)
    return tag.replace("xlink:href=", "href=")
