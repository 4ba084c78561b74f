"""Waiting in a browser until the page that was there is another."""

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE_S = 60


def wait_until_left(driver: webdriver.Chrome, was_there: WebElement) -> None:
    """Until this element belongs to a page that is no longer shown.

    Between two pages chromedriver knows the element of neither and answers with an error of its own ("does not belong to the
    document") in place of "stale"; it is asked again.

    Raises:
        TimeoutException: the page is still there after a minute.
    """
    WebDriverWait(driver, PATIENCE_S, ignored_exceptions=[WebDriverException]).until(staleness_of(was_there))
