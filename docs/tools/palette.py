"""The colors of all pictures: in a page they become the page's own, which follow the reader's scheme."""

INK, FIRST, SECOND, THIRD = "#010203", "#c24e00", "#2b6da3", "#1f6140"
IN_PAGE = {
    INK: "currentColor",
    FIRST: "var(--bl-walk)",
    SECOND: "var(--md-typeset-a-color)",
    THIRD: "var(--md-code-hl-string-color)",
}
FAINT = "#808080"  # a line to compare with; it shows in both schemes
CELLS = [(0, "#4b8fc900"), (0.3, "#4b8fc960"), (1, "#4b8fc9d9")]  # of a heatmap, from nothing to blue: so it does

# A picture that stands outside the pages has the light scheme's colors: those of stylesheets/extra.css.
PAPER, PRINT, BLUE, ORANGE = "#fdfbf6", "#1c2430", "#0f4c7d", "#c24e00"


def in_page_colors(svg: str) -> str:
    """Return an SVG with the page's own colors in the place of ours."""
    for color, own in IN_PAGE.items():
        svg = svg.replace(color, own)
    return svg
