"""The site, built and served, and Chromium."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from support import (
    CHROMIUM,
    DESKTOP,
    EDIT_URI,
    PHONE,
    ROOT,
    is_local,
)

INDEX = "search/search_index.json"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def end_headers(self):
        if self.path.endswith(INDEX):  # which a test may exchange
            self.send_header("Cache-Control", "no-store")
        super().end_headers()


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Build the site as it is published, once for all test processes; `BUILT_SITE` names one that is built already."""
    if folder := os.environ.get("BUILT_SITE"):
        return Path(folder)
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    with FileLock(shared / "site.lock"):
        if not (shared / "site" / "sitemap.xml").exists():
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(shared / "site")]
            variables = {"SITE_URL": "https://site.invalid/", "EDIT_URI": EDIT_URI, "PYTHONPATH": str(ROOT)}
            environment = {**os.environ, **variables, "NO_MKDOCS_2_WARNING": "1"}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    return shared / "site"


def empty_search(index):
    """Take all texts out of what is searched: each page that opens would read them all."""
    config = json.loads(index.read_text("utf-8"))["config"]
    index.write_text(json.dumps({"config": config, "docs": []}), "utf-8")


@pytest.fixture(scope="session")
def site(built, tmp_path_factory):
    """Serve the site from an address of its own, with nothing to search; return its folder and its address."""
    folder = shutil.copytree(built, tmp_path_factory.mktemp("served") / "site")
    empty_search(folder / INDEX)
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    published = re.search(r"<loc>(.*?)index\.html</loc>", (folder / "sitemap.xml").read_text("utf-8"))[1]
    for file in folder.rglob("*"):
        if file.suffix in {".html", ".xml", ".json", ".txt"}:
            file.write_text(file.read_text("utf-8").replace(published, address), "utf-8")
    yield folder, address
    server.shutdown()
    server.server_close()


@pytest.fixture
def searchable(site, built):
    """Let the pages search the site."""
    shutil.copy(built / INDEX, site[0] / INDEX)
    yield
    empty_search(site[0] / INDEX)


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context_of(chromium):
    """Return a function that gives a context with these options: the same one to all tests, for its cache is warm."""

    @functools.cache
    def context_with(place, options):
        context = chromium.new_context(**json.loads(options))
        context.set_default_timeout(60_000)
        return context

    return lambda place, options: context_with(place, json.dumps(options, sort_keys=True))


def forget(page):
    """Close a page, and forget what it kept in its browser."""
    page.unroute_all(behavior="ignoreErrors")
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "local_storage,cookies"})
    page.close()


@pytest.fixture
def open_page(context_of, site):
    """Return a function that opens a page; at the end, none may have logged an error or asked another host."""
    pages, complaints = [], []

    def complain(text):
        complaints.append(text)

    def opened(path, **options):
        page = context_of(len(pages), {**DESKTOP, **options}).new_page()  # two pages of a test share nothing
        pages.append(page)
        page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("request", lambda request: None if is_local(request.url, site[1]) else complain(request.url))
        page.goto(path if "://" in path else site[1] + path)
        return page

    yield opened
    for page in pages:
        forget(page)
    assert complaints == []


@pytest.fixture(params=["mouse", "keyboard", "touch"])
def act(request):
    """Use a control in one of three ways."""

    def by(locator):
        locator.scroll_into_view_if_needed()
        if request.param == "mouse":
            locator.click()
        elif request.param == "touch":
            locator.tap()
        else:
            locator.focus()
            locator.press("Enter")

    by.options = PHONE if request.param == "touch" else DESKTOP
    by.kind = request.param
    return by


@pytest.fixture(scope="module")
def core(chromium, site):
    page = chromium.new_page()
    page.goto(site[1] + "lab.html")
    for name in ("mlp", "transformer", "attention", "hill"):  # which other pages fetch
        page.add_script_tag(url=f"{site[1]}javascripts/{name}.js")
    yield lambda script, argument=None: page.evaluate(f"(it) => {{ const bl = bigramlab; {script} }}", argument)
    page.close()
