"""Do reports fit into a notebook, whatever they say, in any width and in light and dark?"""

import pytest
from support import BROWSER, violations

from bigramlab.judge.diagnosing import Diagnosis
from bigramlab.judge.reporting import Report
from bigramlab.mistakes import MISTAKES

pytestmark = BROWSER
JUPYTER = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A notebook</title>
<meta name="viewport" content="width=device-width"><style>
  :root { color-scheme: SCHEME } body { margin: 16px } @media (prefers-color-scheme: dark) { body { background: #111 } }
  main { overflow: auto; font: 14px/1.6 sans-serif; color: CanvasText; padding-right: 20px }
  pre, code { white-space: pre-wrap; font-size: inherit } td { text-align: right }
</style></head><body><main>REPORT</main></body></html>"""  # what Jupyter's own style does to an output, in short
LONG = Report(
    name="encode",
    chapter="2, Encoding",
    total=5,
    care_total=0,
    held=2,
    law=f"Every word comes back, {'whatever' * 30} it is.",
    call=f"encode({'x' * 400!r}, '.שלום')",
    returned="\n".join(f"tensor([{line}])" for line in range(100)),
    problem=f"it should be `{'y' * 200}`",
    diagnosis=Diagnosis(MISTAKES["encode"][0], 3, 3, exact=True),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_report_stays_inside_its_cell_and_only_code_scrolls(width, scheme, chromium):
    page = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.set_content(JUPYTER.replace("SCHEME", scheme).replace("REPORT", LONG._repr_html_()))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("(box => box.scrollWidth <= box.clientWidth)(document.querySelector('main'))")
    wide = page.evaluate("[...document.querySelectorAll('pre')].map(box => box.scrollWidth > box.clientWidth)")
    assert any(wide) == (width < 600)
    assert page.evaluate("Math.max(...[...document.querySelectorAll('pre')].map(box => box.clientHeight))") < 400
    right = page.locator("main").bounding_box()["width"] + 16
    law = page.get_by_text("Every word comes back").bounding_box()
    assert law["x"] >= 0
    assert law["x"] + law["width"] <= right
    assert violations(page, runOnly=["wcag2a", "wcag2aa"]) == []


def test_words_from_right_to_left_leave_the_code_beside_them_in_its_order(chromium):
    page = chromium.new_page()
    made = Report("f", "1, Setting up", 1, 0, law="-", call="f('אבא', 'שלום')", problem="-")
    page.set_content(JUPYTER.replace("SCHEME", "light").replace("REPORT", made._repr_html_()))
    first, second = (word.bounding_box()["x"] for word in page.locator("bdi").all())
    assert first < second
