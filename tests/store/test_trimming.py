"""Text loses white space of every kind around it, once, where it comes in."""

from __future__ import annotations

import json
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from custctl.resources import trimmed
from custctl.store import inputs
from custctl.store.settings import SETTINGS
from tests.runner import Runner

BLANKS = (
    " \t\r\n\x0b\x0c\x1c\x1f\x85\u00a0\u1680\u180e\u2000\u200a\u200b\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
SAMPLES = (
    "acme",
    "Acme Ltd",
    "a@acme.example",
    "2020-01-31",
    "USD",
    "de",
    "#1A2B3C",
    "https://acme.example",
    "billing",
)


@pytest.mark.parametrize("blank", BLANKS)
def test_every_kind_of_white_space_is_taken_from_both_ends_and_kept_within(blank: str) -> None:
    assert trimmed(f"{blank}a{blank}b{blank}{blank}") == f"a{blank}b"
    assert trimmed(blank) == ""


def _taken(hint: Any, value: Any) -> Any:
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError:
        return None


@pytest.mark.parametrize("table", inputs.INPUTS)
def test_every_field_of_text_is_trimmed_where_it_comes_in(table: str) -> None:
    model = inputs.INPUTS[table]
    hints = get_type_hints(model, include_extras=True)
    found = 0
    for hint in (hints[name] for name in model.model_fields):
        for sample in SAMPLES:
            plain, padded = _taken(hint, sample), _taken(hint, f"\u00a0{sample}\u200b\n")
            listed, padded_list = _taken(hint, [sample]), _taken(hint, [f"\ufeff{sample}\u3000"])
            assert (padded, padded_list) == (plain, listed)
            found += isinstance(plain, str)
            if isinstance(plain, str):
                assert not inputs.keeps_all(hint, [sample, f"{sample} "])
    assert found > 0


def _accepted(name: str, value: Any) -> Any:
    try:
        return SETTINGS[name].check(value)
    except ValueError:
        return None


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.kind in ("text", "list")])
def test_settings_are_trimmed(name: str) -> None:
    listed = SETTINGS[name].kind == "list"
    accepted = 0
    for sample in ("en", "USD", "/about"):
        plain, padded = ([sample], [f"\u3000{sample} "]) if listed else (sample, f"\u3000{sample} ")
        assert _accepted(name, padded) == _accepted(name, plain)
        accepted += _accepted(name, plain) is not None
    assert accepted


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u200b", "\u3000", "\ufeff", "\n"])
def test_a_name_with_blanks_around_it_is_stored_and_found_without_them(custctl: Runner, blank: str) -> None:
    name = f"{blank}Spacey{blank}"
    assert custctl.fields("customer", "add", name)["customer:spacey"]["name"] == [None, "Spacey"]
    for asked in ("Spacey", name):
        assert custctl.json("customer", "show", asked)["key"] == "spacey"
        assert custctl.json("customer", "list", "--where", f"name={asked}")[0]["key"] == "spacey"
    assert custctl.json("customer", "list", "--where", "name=Spacey")[0]["name"] == "Spacey"


def test_documents_and_imports_are_trimmed_as_commands_are(custctl: Runner) -> None:
    custctl.apply(
        r"""
        apiVersion = "custctl/v1"
        [[customers]]
        key = " acme "
        name = "\u00a0Acme\u200b"
        vat_id = " \u3000"
        sales_reps = [" Sam "]
        tags = ["\ufeffVIP "]
        [settings]
        "guest.group" = " non-authenticated-visitors "
        """
    )
    shown = custctl.json("customer", "show", "acme")
    assert [shown[name] for name in ("name", "vat_id", "sales_reps", "tags")] == ["Acme", None, ["Sam"], ["vip"]]
    assert json.loads(custctl.sql("SELECT value FROM setting")[0][0]) == "non-authenticated-visitors"
    sheet = custctl.file("Key,Name,VAT id\nbeta,\u00a0Beta ,\u200b77\u3000\n", "customers.csv")
    assert custctl("customer", "import", sheet, "--map", "VAT id=vat_id").exit == 0
    assert custctl.sql("SELECT name, vat_id FROM customer WHERE key = 'beta'") == [("Beta", "77")]
