"""The home page: the slider over models that look back, one's own name, and the slips to find."""

import json
import re

import pytest
import torch
from support import BROWSER, DESKTOP, PHONE, find
from tools import looking, looking_back, slips

from bigramlab import build_vocabulary, encode, load_names, softmax, transformer_logits

pytestmark = BROWSER


def alive(page):
    page.wait_for_function("['bl-back', 'bl-slip'].every((tag) => document.querySelector(tag)?.controller)")
    return find(page, "back"), find(page, "slip")


def names_of(back):
    return back.locator(".bl-names code").all_inner_texts()


def test_the_slider_shows_each_models_names_and_loss(act, open_page):
    page = open_page("", **act.options)
    back, _ = alive(page)
    models = looking_back.kept()
    slider = back.get_by_role("slider")
    assert names_of(back) == models[0]["words"]
    if act.kind == "keyboard":
        slider.press("End")
    else:
        box = slider.bounding_box()
        to = (box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
        (page.touchscreen.tap if act.kind == "touch" else page.mouse.click)(*to)
    assert names_of(back) == models[-1]["words"]
    assert f"Loss: {models[-1]['loss']:.2f} nats a letter" in back.locator("p[role=status]").inner_text()
    assert slider.get_attribute("aria-valuetext") == "all letters"


def test_every_model_goes_on_with_ones_own_name(open_page):
    back, _ = alive(open_page(""))
    field = back.get_by_role("textbox", name="Begin with your own name")
    for word, used in [("zo", "zo"), ("Zoë 2", "zoe"), ("", "")]:
        field.fill(word)
        assert field.input_value() == used
        rows = back.locator(".bl-ways tr")
        assert rows.count() == 5
        for row in rows.all():
            ways = row.locator("code").all_inner_texts()
            assert 1 <= len(ways) == len(set(ways)) <= 3
            assert all(way.startswith(used) for way in ways)


def test_what_a_model_cannot_read_is_left_out_and_said(open_page):
    back, _ = alive(open_page(""))
    field = back.get_by_label("Begin with your own name")
    field.fill("Zoë Øl")
    assert field.input_value() == "zoel"
    assert back.locator(".bl-left-out").inner_text().strip() == "Left out: ø. These models know a to z."
    field.fill("zoel")
    assert back.locator(".bl-left-out").inner_text() == ""


def test_others_writes_others_and_undo_brings_the_first_back(act, open_page):
    back, _ = alive(open_page("", **act.options))
    before = names_of(back)
    act(back.get_by_role("button", name="Other names and endings"))
    assert names_of(back) != before
    act(back.get_by_role("button", name="Undo"))
    assert names_of(back) == before


def test_the_page_expects_what_the_package_expects(open_page):
    page = open_page("")
    alive(page)
    vocabulary = build_vocabulary(load_names())
    contexts = [[0, *encode(word, vocabulary).tolist()] for word in ("", "mar", "christophe")]
    found = page.evaluate(
        "(contexts) => { const { expect } = document.querySelector('bl-back');"
        " return expect.map((next) => contexts.map((ids) => [...next(ids)])); }",
        contexts,
    )
    for rows in found:
        assert [sum(row) for row in rows] == pytest.approx([1, 1, 1])
    network = looking_back.cut_to_bytes(looking.transformer())
    for ids, row in zip(contexts, found[-1], strict=True):
        expected = softmax(transformer_logits(network, torch.tensor([ids])))[0, -1]
        assert torch.allclose(torch.tensor(row, dtype=torch.float32), expected, atol=1e-4)
    counts = torch.tensor([*map(int, looking_back.kept()[1]["counts"].split())]).view(27, 27).double()
    expected = counts + looking_back.kept()[1]["k"]
    assert found[1][1] == pytest.approx((expected / expected.sum(dim=1, keepdim=True))[contexts[1][-1]].tolist())


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_names_loss_and_field_stand_above_the_fold_and_nothing_jumps(open_page, options, site):
    page = open_page("404.html", **options)
    page.add_init_script(
        "window.shift = 0; const add = (list) => list.getEntries().forEach(({ value }) => { shift += value; });"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto(site[1] + "index.html")
    back, _ = alive(page)
    page.wait_for_timeout(300)
    for part in (".bl-names", "p[role=status]", "input[type=text]"):
        box = back.locator(part).first.bounding_box()
        assert box["y"] + box["height"] < options["viewport"]["height"], part
    assert page.evaluate("shift") < 0.1


def test_a_line_is_picked_and_the_report_is_the_kept_one(act, open_page):
    _, slip = alive(open_page("", **act.options))
    first, report = slips.SLIPS[0], slips.reports()[0]
    act(slip.locator(".bl-lines button").nth(first.line))
    act(slip.get_by_role("button", name="Check"))
    assert "You found the line." in slip.get_by_role("status").first.inner_text()
    assert report["headline"] in slip.get_by_role("status").first.inner_text()
    assert slip.locator(".bl-report dt").all_inner_texts() == [label for label, *_ in report["sections"]]
    assert slip.locator(".bl-wrong").inner_text() == first.code.splitlines()[first.line]


def test_one_slip_follows_another_and_the_first_comes_back(open_page, site):
    page = open_page("")
    _, slip = alive(page)
    for one in [*slips.SLIPS, slips.SLIPS[0]]:
        assert slip.locator(".bl-lines button").all_inner_texts() == one.code.splitlines()
        assert slip.locator(".bl-wrong").count() == 0, "it shows the line before one asks"
        slip.get_by_role("button", name="Check").click()
        for link in slip.locator(".bl-head ~ p a").all():
            place = link.get_attribute("href").partition("#")[0]
            assert (site[0] / place).is_file(), place
        slip.get_by_role("button", name="Another one").click()


def test_the_home_page_shows_both_without_scripts(open_page):
    page = open_page("", java_script_enabled=False)
    assert find(page, "back").locator("tbody tr").count() == 5
    slip = find(page, "slip")
    assert slips.SLIPS[0].code in slip.inner_text()
    slip.locator("summary").click()
    assert slips.reports()[0]["headline"] in slip.inner_text()


def test_both_work_from_the_disk(open_page, site):
    page = open_page((site[0] / "index.html").as_uri() + "#back=2~0~zo")
    back, slip = alive(page)
    assert json.loads(back.get_attribute("data-models"))[2]["words"] == names_of(back)
    assert re.match("zo", back.locator(".bl-ways code").first.inner_text())
    slip.get_by_role("button", name="Check").click()
    assert slip.locator(".bl-report dt").count() > 3
