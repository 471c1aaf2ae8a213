"""Which pages a visitor sees (AM 9.4), and that no way of writing an address opens another page (feature V-06)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custctl.policy.website import OPEN_BELOW, OPEN_PAGES, SHORT, Website, path_of, visit

CLOSED = Website(access=False, pages=("/about",))


@pytest.mark.parametrize(
    "url",
    [
        *OPEN_PAGES,
        *SHORT,
        *(f"{folder}x" for folder in OPEN_BELOW),
        "/login/",
        "//login",
        "login",
        "/login?next=/catalog",
        "/login#catalog",
        "/%6Cogin",
        "/./login",
        "/../login",
        "/catalog/../login",
        "HTTPS://Shop.Example:8443/customer//user/login?x=http://y",
        "\\customer\\user\\login",
        "/about",
    ],
)
def test_v_06_the_pages_that_nobody_could_do_without_stay_open(url: str) -> None:
    assert visit(url, CLOSED).allowed


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/catalog",
        "/login/../catalog",
        "/login/%2e%2e/catalog",
        "/login%2f..%2fcatalog",
        "/login%252f%252e%252e%252fcatalog",
        "/login\\..\\catalog",
        "/login%5c..%5ccatalog",
        "/js/../catalog",
        "/js/%2E%2E/catalog",
        "/js",
        "/LOGIN",
        "/About",
        "/about/us",
        "/login/inner",
        "/login;x=1",
        "/login%00",
        "/login%3fx",
        "/loginx",
        "/x/login",
        "/customer/user",
        "/customer/user/login/inner",
        "/catalog?/login",
        "/catalog#/login",
        "https://login/catalog",
        "https://shop.example",
        "//shop.example/login",
        "https://x@shop.example/customer/user",
    ],
)
def test_v_06_no_way_of_writing_an_address_opens_another_page(url: str) -> None:
    found = visit(url, CLOSED)
    assert (found.allowed, found.reason, found.rule, found.response) == (False, "closed", None, "login")


@pytest.mark.parametrize("url", ["/api", "/api/", "/api/orders", "/js/../api/orders", "https://shop.example/api/x"])
def test_v_06_a_program_is_answered_401(url: str) -> None:
    assert visit(url, CLOSED).response == "401"
    assert visit("/apiary", CLOSED).response == "login"


@given(st.text(alphabet="/.\\%2eEfF5cab?#", max_size=24))
def test_v_06_a_path_is_in_one_form_whatever_was_typed(text: str) -> None:
    try:
        path = path_of(f"/{text}")
    except ValueError:
        return
    assert path.startswith("/")
    assert "\\" not in path
    assert not {"", ".", ".."} & set(path.split("/")[1:]) or path == "/"
    assert path_of(path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")) == path
