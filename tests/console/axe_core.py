"""axe-core, which holds a page against WCAG: one file of its npm package, run in the browser on a page that is shown there.

`make setup-test` fetches it (`python tests/console/axe_core.py`). Our pages let no script in, so only a browser that was told to look past
their policy runs it; the policy itself is tried elsewhere.
"""

from dataclasses import dataclass
from typing import Any

from selenium import webdriver

from alerts.stand_in_provider.npm_file import NpmFile
from schemas.country_files import CHECKOUT

AXE = NpmFile(
    package="axe-core@4.14.1",
    member="package/axe.min.js",
    sha256="29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
    kept=CHECKOUT / "var" / "axe" / "axe.min.js",
)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""WCAG 2.2, levels A and AA: 2.2 added to 2.1, and 2.1 to 2.0."""
_RUN = """
const [tags, done] = arguments;
axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations", "incomplete"]})
  .then(done, error => done({failed: String(error)}));
"""


@dataclass(frozen=True)
class Judged:
    """What axe says of a page as it is shown now.

    Attributes:
        violations: rule, element and help of each. undecided: the same of what axe cannot tell by itself. rules: all that were tried.
    """

    violations: tuple[str, ...]
    undecided: tuple[str, ...]
    rules: frozenset[str]


def look_past_policies(driver: webdriver.Chrome) -> None:
    """From the next page on, pages whose policy lets no script in can be judged."""
    driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})


def judged(driver: webdriver.Chrome) -> Judged:
    """Judge the page that is shown.

    Raises:
        RuntimeError: axe could not run.
    """
    if not driver.execute_script("return typeof axe === 'object'"):
        driver.execute_script(AXE.content().decode())
    said = driver.execute_async_script(_RUN, TAGS)
    if "failed" in said:
        raise RuntimeError(f"axe could not judge {driver.current_url}: {said['failed']}")
    tried = frozenset(rule["id"] for kind in ("violations", "passes", "incomplete", "inapplicable") for rule in said[kind])
    return Judged(_lines(said["violations"]), _lines(said["incomplete"]), tried)


def _lines(rules: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {rule['help']} | {' '.join(node['failureSummary'].split())}"
        for rule in rules
        for node in rule["nodes"]
    )


if __name__ == "__main__":
    AXE.content()
