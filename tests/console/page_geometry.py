"""Where things lie on a page that a browser shows, in CSS pixels: what overlaps, what is too small to hit, what has the focus."""

from typing import Any, cast

from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

LEAST = 24
"""Height and width of a target (WCAG 2.2, 2.5.8)."""
_TARGETS = """
const TARGETS = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])';
const shown = e => e.checkVisibility({visibilityProperty: true}) && !e.matches('.skip');
const named = e => (e.getAttribute('aria-label') || e.textContent || e.name || e.tagName).trim().replace(/\\s+/g, ' ').slice(0, 60);
const box = e => e.getBoundingClientRect();
"""
_OVERLAPS = (
    _TARGETS
    + """
const things = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode, parent = node.parentElement;
  if (!node.data.trim() || !shown(parent) || parent.closest('.skip, title, style')) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const r of range.getClientRects()) {
    // A line of text is as high as its font says, with room for letters that few have; what is drawn is in the middle of it.
    if (r.width > 1 && r.height > 1) things.push({of: parent, text: node.data.trim().slice(0, 60), l: r.left, r: r.right,
      t: r.top + r.height * .25, b: r.bottom - r.height * .25});
  }
}
for (const e of document.querySelectorAll('button, input:not([type=hidden]), select, textarea')) {
  const r = e.getBoundingClientRect();
  if (shown(e)) things.push({of: e, text: named(e), l: r.left, r: r.right, t: r.top, b: r.bottom});
}
things.sort((a, b) => a.t - b.t);
const found = [];
for (let i = 0; i < things.length; i++) for (let j = i + 1; j < things.length && things[j].t < things[i].b; j++) {
  const [a, b] = [things[i], things[j]];
  if (a.of === b.of || a.of.contains(b.of) || b.of.contains(a.of)) continue;
  if (Math.min(a.r, b.r) - Math.max(a.l, b.l) > 1 && Math.min(a.b, b.b) - b.t > 1) found.push(`"${a.text}" and "${b.text}"`);
}
return found;
"""
)
_OUTSIDE = (
    _TARGETS
    + """
const wide = document.documentElement.clientWidth, found = [];
for (const e of document.body.querySelectorAll('*')) {
  if (!shown(e) || e.closest('.skip, .defs')) continue;
  const r = e.getBoundingClientRect();
  if (r.width > 0 && (r.right > wide + 1 || r.left < -1)) found.push(`${e.tagName} ${named(e)}: ${r.left} to ${r.right} of ${wide}`);
}
return found;
"""
)
_SMALL = (
    _TARGETS
    + """
// What stands in a sentence is as high as its line (WCAG's own exception); a district on the map stands in the table below as well.
const inSentence = e => getComputedStyle(e).display === 'inline' && [...e.parentElement.childNodes].some(
  n => n.nodeType === Node.TEXT_NODE && /\\p{L}{2}/u.test(n.data));
return [...document.querySelectorAll(TARGETS)].filter(e => shown(e) && !e.closest('#map') && !inSentence(e))
  .map(e => [e, box(e)]).filter(([e, r]) => r.width < arguments[0] - .01 || r.height < arguments[0] - .01)
  .map(([e, r]) => `${e.tagName} "${named(e)}": ${r.width.toFixed(1)} by ${r.height.toFixed(1)}`);
"""
)
_FIRST_FIELD = "const e = document.querySelector('[autofocus]'); return !e || e === document.activeElement;"
_UNFOLD = "for (const d of document.querySelectorAll('details')) d.open = true;"
_FOCUS = (
    _TARGETS
    + """
const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter(e => e.tabIndex >= 0 && e.checkVisibility());
const e = document.activeElement, r = box(e);
const marked = e.querySelector(':scope > .hit'), style = getComputedStyle(e), mark = marked ? getComputedStyle(marked) : null;
let under = e.parentElement;
while (under && getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
return {
  index: all.indexOf(e), count: all.length, name: named(e), left: r.left + scrollX, top: r.top + scrollY, bottom: r.bottom + scrollY,
  seen: r.bottom > 0 && r.top < innerHeight,
  width: mark ? parseFloat(mark.strokeWidth) : style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
  colour: mark ? mark.stroke : style.outlineColor, under: under ? getComputedStyle(under).backgroundColor : 'rgb(255, 255, 255)',
};
"""
)


def unfold(driver: webdriver.Chrome) -> None:
    """Open all that is folded."""
    driver.execute_script(_UNFOLD)


def width(driver: webdriver.Chrome) -> float:
    """How wide the page is, to the end of what can be scrolled to."""
    return float(driver.execute_script("return document.documentElement.scrollWidth"))


def outside(driver: webdriver.Chrome) -> list[str]:
    """What reaches past an edge of the screen."""
    return cast(list[str], driver.execute_script(_OUTSIDE))


def overlaps(driver: webdriver.Chrome) -> list[str]:
    """Pairs of texts and fields that lie on one another."""
    return cast(list[str], driver.execute_script(_OVERLAPS))


def small_targets(driver: webdriver.Chrome) -> list[str]:
    """What can be pressed and is smaller than it must be."""
    return cast(list[str], driver.execute_script(_SMALL, LEAST))


def focused(driver: webdriver.Chrome) -> dict[str, Any]:
    """What has the focus: its place in the order of the document, where it lies, and how that is shown."""
    return cast(dict[str, Any], driver.execute_script(_FOCUS))


def wait_for_first_field(driver: webdriver.Chrome) -> None:
    """Until the field in which a page begins has the focus: a browser gives it when it first draws the page, after it has read it."""
    WebDriverWait(driver, 30).until(lambda it: it.execute_script(_FIRST_FIELD))
