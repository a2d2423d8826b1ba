"""Reports filled in where a test is about something else: over HTTP, and in Chromium."""

import re

from playwright.sync_api import Page

from infra.gateway import Reply
from infra.visitor import Visitor

_EMPTY = re.compile(r'<li><a href="(?:[^"#]*)/report/([^"/#]+)#([a-z0-9_]+)(?:\.num)?">')

# What stands at the cut-off can't be nil: naught, none of one, the first of the choices.
_STANDS = """() => {
  const type = (box, text) => {
    if (!box || box.value) return;
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const state of document.querySelectorAll("#form select[name$='.state']")) {
    const code = state.name.slice(0, -6);
    if (state.value !== "value" || state.querySelector("[value=nil]")) continue;
    const of = (name) => document.querySelector(`#form [name="${name}"]`);
    if (of(code) && of(code).type === "radio") {
      if (!document.querySelector(`#form [name="${code}"]:checked`)) of(code).click();
    } else {
      type(of(code) || of(code + ".num"), "0");
      type(of(code + ".den"), "1");
    }
  }
}"""


def all_nil(visitor: Visitor, check: Reply) -> Reply:
    """Whatever the check page misses as a page of before sent it: nil, also where none is offered
    now. Gives the check page after it.
    """
    body = check.body.decode()
    left = _EMPTY.findall(body)
    if not left:
        return check
    period = left[0][0]
    page = visitor.get(f"/report/{period}")
    nil = {f"{code}.state": "nil" for _, code in left}
    return visitor.follow(visitor.submit(page, period, do="check", **nil))


def fill_what_stands(page: Page) -> None:
    """On the form, in Chromium: everything that no button of the check page fills."""
    page.evaluate(_STANDS)
