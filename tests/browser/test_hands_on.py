"""The elements that only one chapter has: the hill, the network to poke, and what is learned by heart."""

import itertools
import math
import re

import pytest
import torch
from support import BROWSER, DESKTOP, PHONE, find, text_of
from tools import hands_on, memorizing, racing, trainings

from bigramlab import encode, mlp_probs

pytestmark = BROWSER


def cells(element):
    return [row.locator("td").all_inner_texts() for row in element.locator("tbody tr").all()]


def test_two_balls_roll_down_the_hill(open_page, act):
    page = open_page("tutorial/training.html", **act.options)
    element = find(page, "hill")
    balls = hands_on.roll_down(hands_on.START, hands_on.RATES, 200)
    assert cells(element)[0][0] == cells(element)[1][0] == f"{balls[0][0].loss:.5f}"
    act(element.get_by_role("button", name="One step"))
    element.get_by_text("After 1 step", exact=True).wait_for()
    assert [row[0] for row in cells(element)[:2]] == [f"{path[1].loss:.5f}" for path in balls]
    act(element.get_by_role("button", name="Go on"))
    page.wait_for_function("document.querySelector('bl-hill').at > 5")
    act(element.get_by_role("button", name="Pause"))
    paused = element.evaluate("node => node.at")
    assert 5 < paused < 200
    act(element.get_by_role("button", name="Go on"))
    element.get_by_role("button", name="200 steps are all").wait_for()
    assert [row[0] for row in cells(element)[:2]] == [f"{path[200].loss:.5f}" for path in balls]
    assert "AdamW: at the bottom, nearly." in element.locator("p[role=status]").inner_text()
    act(element.get_by_role("button", name="Undo"))
    element.get_by_text(f"After {paused} steps", exact=True).wait_for()


def test_too_large_a_rate_diverges_and_is_told(open_page, act):
    page = open_page("tutorial/training.html#hill=4~4~5~2~40", **act.options)
    element = find(page, "hill")
    status = element.locator("p[role=status]")
    page.wait_for_function("document.querySelector('bl-hill').at === 40")
    assert "diverged" not in status.inner_text()
    rate = element.get_by_role("slider", name="Rate, plain")
    rate.focus()
    rate.press("End")
    balls, _ = hands_on.roll_down(hands_on.START, (1000.0, 0.1), 40)
    wrong = next(step for step, ball in enumerate(balls) if ball.loss > balls[0].loss)
    assert f"Plain steps: diverged. Step {wrong} went too far" in status.inner_text()
    act(element.get_by_role("button", name="Undo"))
    assert "diverged" not in status.inner_text()
    rate.press("ArrowRight")
    assert "Plain steps: jumps to and fro" in status.inner_text()


def test_the_start_is_put_by_pointing_or_by_keys(open_page, act):
    page = open_page("tutorial/training.html", **act.options)
    element = find(page, "hill")
    if act.kind == "keyboard":
        for name in ("Start, n", "Start, u"):
            start = element.get_by_role("slider", name=name)
            start.focus()
            start.press("End")
    else:
        picture = element.locator(".bl-slope svg")
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        point = {"x": 0.9 * box["width"], "y": 0.1 * box["height"]}
        (picture.click if act.kind == "mouse" else picture.tap)(position=point)
    assert element.evaluate("node => node.write(node.state)").startswith("32~32~")
    (ball, _), _ = hands_on.roll_down((4.0, 4.0), hands_on.RATES, 1)
    assert cells(element)[0][0] == f"{ball.loss:.5f}"


def test_a_hill_stands_still_when_its_page_is_left_and_moves_at_once_where_motion_is_not_wanted(open_page):
    page = open_page("tutorial/training.html", reduced_motion="reduce")
    find(page, "hill").get_by_role("button", name="Let them roll").click()
    assert find(page, "hill").evaluate("node => node.at") == 200
    page = open_page("tutorial/training.html")
    page.evaluate("window.left = document.querySelector('bl-hill')")
    find(page, "hill").get_by_role("button", name="Let them roll").click()
    page.locator(".md-tabs").get_by_role("link", name="The lab").click()
    page.wait_for_function("!left.isConnected")
    at = page.evaluate("left.at")
    page.wait_for_timeout(200)
    assert page.evaluate("left.at") == at < 200


@pytest.mark.parametrize("end", ["end", "best"])
def test_the_gap_closes_with_more_names(open_page, act, end):
    page = open_page("tutorial/overfitting.html", **act.options)
    element = find(page, "memorize")
    if end == "best":
        stop = element.get_by_role("checkbox")
        stop.press("Space") if act.kind == "keyboard" else act(stop)
    rows = memorizing.rows()
    slider = element.get_by_role("slider")
    slider.focus()
    for row in rows:
        text = element.locator("p[role=status]").inner_text()
        reached = row[end]
        assert text.startswith(f"{row['names']:,} names, {reached['steps']:,} steps: {reached['train']:.2f} nats")
        assert f"{reached['copied']:.1%} are copies" in text
        assert ("worse than knowing nothing" in text) == (reached["test"] > 3.2958)
        marked = [known for _, known in reached["words"] if known]
        assert element.locator("mark").count() == len(marked)
        slider.press("ArrowRight")
    act(element.get_by_role("button", name="Reset"))
    assert slider.get_attribute("aria-valuetext") == "100"


def test_the_picture_of_the_gap_can_be_pointed_at(open_page):
    page = open_page("tutorial/overfitting.html")
    element = find(page, "memorize")
    picture = element.locator(".bl-gap svg")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] - 45, "y": box["height"] / 2})
    assert element.get_by_role("slider").get_attribute("aria-valuetext") == f"{memorizing.rows()[-1]['names']:,}"


def told(word, network):
    """Return what a network expects after a word, as the page says it."""
    vocabulary = racing.split()[0]
    probs = mlp_probs(network, encode(word.rjust(racing.CONTEXT, "."), vocabulary)[None])[0]
    likely = probs.argsort(descending=True)[:3].tolist()
    return ", ".join(f"{vocabulary[id]} {probs[id]:.1%}" for id in likely)


def moved_to(letter, point):
    network = racing.unflatten(racing.end().clone())
    network.embedding[racing.split()[0].index(letter)] = torch.tensor(point, dtype=torch.float64)
    return network


def test_the_network_answers_what_is_typed_and_a_moved_letter_moves_the_bars(open_page, act):
    page = open_page("tutorial/mlp.html", **act.options)
    element = find(page, "poke")
    status = element.locator("p[role=status]")
    assert status.inner_text() == f"After “emm” it expects {told('emm', racing.unflatten(racing.end()))}."
    element.get_by_label("The letters before").fill("Jo!")
    assert status.inner_text() == f"After “.jo” it expects {told('jo', racing.unflatten(racing.end()))}."
    act(element.get_by_role("group", name="The letters of the context").get_by_role("button", name="j"))
    heights = element.locator(".bl-chances rect").evaluate_all("bars => bars.map((bar) => bar.getAttribute('height'))")
    drag(page, element, act.kind)
    ((id, (x, y)),) = element.evaluate("node => Object.entries(node.state.moved)")
    assert racing.split()[0][int(id)] == "j"
    reach = element.evaluate("node => node.reach")
    assert x / 10 == pytest.approx(reach if act.kind == "keyboard" else reach / 2, abs=0.11)
    assert status.inner_text().startswith(
        f"After “.jo” it expects {told('jo', moved_to('j', (x / 10, y / 10)))}. As it learned:"
    )
    assert heights != element.locator(".bl-chances rect").evaluate_all(
        "bars => bars.map((bar) => bar.getAttribute('height'))"
    )
    act(element.get_by_role("button", name="Undo"))  # the whole way at once
    assert element.evaluate("node => Object.keys(node.state.moved).length") == 0


def drag(page, element, kind):
    """Move the chosen letter: by its handle, or by the slider's keys."""
    if kind == "keyboard":
        slider = element.get_by_role("slider", name="First number")
        slider.focus()
        slider.press("End")
        return
    plane = element.locator(".bl-plane svg")
    plane.scroll_into_view_if_needed()
    handle, box = element.locator(".bl-grip").bounding_box(), plane.bounding_box()
    begin = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    ends = [(box["x"] + share * box["width"], box["y"] + 0.3 * box["height"]) for share in (0.4, 0.75)]
    if kind == "mouse":
        page.mouse.move(*begin)
        page.mouse.down()
        for end in ends:
            page.mouse.move(*end)
        page.mouse.up()
        return
    session = page.context.new_cdp_session(page)
    for event, points in [("touchStart", [begin]), *(("touchMove", [end]) for end in ends), ("touchEnd", [])]:
        touches = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": event, "touchPoints": touches})


def test_the_models_are_turned_until_they_are_a_flat_chart(open_page, act):
    page = open_page("tutorial/comparing.html", **act.options)
    element = find(page, "turn")
    start = text_of(element)

    def order(axis):
        places = element.locator("circle.bl-spot").evaluate_all(
            f"dots => dots.map((dot) => Number(dot.getAttribute('{axis}').slice(0, 8)))"
        )
        return sorted(range(len(places)), key=lambda i: places[i])

    models = [one for one in trainings.results() if one.numbers]
    for name, across, up in [("loss by seconds", "seconds", "test"), ("seconds by numbers", "numbers", "seconds")]:
        act(element.get_by_role("button", name=name))
        assert f"the flat chart: {name}." in element.locator("p[role=status]").inner_text()
        for axis, part, sign in [("cx", across, 1), ("cy", up, -1)]:
            assert order(axis) == sorted(range(len(models)), key=lambda i: sign * getattr(models[i], part)), part
    element.get_by_role("slider", name="Tilt").press("Home")
    assert "the flat chart: loss by numbers." in element.locator("p[role=status]").inner_text()
    for _ in range(3):
        act(element.get_by_role("button", name="Undo"))
    assert text_of(element) == start


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("name", "chapter", "labels"), [("turn", "comparing", "circle:not(.bl-spot)"), ("poke", "mlp", ".bl-plane text")]
)
def test_no_label_of_a_point_covers_another(open_page, options, name, chapter, labels):
    page = open_page(f"tutorial/{chapter}.html", **options)
    boxes = [label.bounding_box() for label in find(page, name).locator(labels).all()]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    least = boxes[0]["width"] if name == "turn" else boxes[0]["height"] / 2  # letters are half as wide as high
    assert len(boxes) > 8
    assert min(itertools.starmap(math.dist, itertools.combinations(middles, 2))) > least - 1


def test_a_drag_turns_the_models_and_is_undone_at_once(open_page):
    page = open_page("tutorial/comparing.html")
    element = find(page, "turn")
    element.locator(".bl-turned svg").scroll_into_view_if_needed()
    box = element.locator(".bl-turned svg").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for far in (20, 50, 100):
        page.mouse.move(x + far, y - far / 2)
    page.mouse.up()
    page.mouse.move(x, y)  # and the box stays, as no one holds it
    assert element.evaluate("node => node.write(node.state)") == "17~0"
    element.get_by_role("button", name="Undo").click()
    assert element.evaluate("node => [node.write(node.state), node.past.length]") == ["7~4", 0]


def test_without_scripts_each_has_its_table(open_page):
    page = open_page("tutorial/training.html", java_script_enabled=False)
    for path in hands_on.roll_down(hands_on.START, hands_on.RATES, 200):
        assert f"{path[50].loss:.5f}" in find(page, "hill").inner_text()
    page = open_page("tutorial/overfitting.html", java_script_enabled=False)
    lines = [re.split(r"\s+", line.strip()) for line in find(page, "memorize").locator("tbody tr").all_inner_texts()]
    assert [line[2] for line in lines] == [f"{row['end']['test']:.2f}" for row in memorizing.rows()]
    page = open_page("tutorial/mlp.html", java_script_enabled=False)
    assert told("emm", racing.unflatten(racing.end())).split()[0] in find(page, "poke").inner_text()
    page = open_page("tutorial/comparing.html", java_script_enabled=False)
    shown = find(page, "turn").inner_text()
    assert all(f"{one.test:.3f}" in shown for one in trainings.results() if one.numbers)
