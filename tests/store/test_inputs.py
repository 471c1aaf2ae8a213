"""Values of the wrong type in documents: every field of every table refuses them in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_origin

import pytest
from pydantic import ValidationError

from custctl.store.inputs import INPUTS, AddressInput, ContactAddressInput, Input, in_words
from tests.runner import Runner

MODELS: dict[str, type[Input]] = {**INPUTS, "addresses": AddressInput, "contact_addresses": ContactAddressInput}
FIELDS = [(table, name) for table, model in MODELS.items() for name in model.model_fields]
WRONG: list[Any] = [{}, [], 0, False, True, 1.5, -1, {"a": 1}, {"a": {"b": []}}, [0, [1, 5], 1], [[]], [{}], [None]]


def _taken(model: type[Input], name: str, value: Any) -> bool:
    """Whether a model takes the value; what is raised besides a finding of the model is a bug."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return not any(finding["loc"][:1] == (name,) for finding in error.errors(include_url=False))
    return True


def _kinds(table: str, name: str) -> set[str]:
    info = MODELS[table].model_fields[name]
    words = in_words(info.annotation, info.metadata)
    if words == "true or false":
        return {"bool"}
    if words.startswith("a whole number"):
        return {"number"}
    if words.startswith("a table"):
        return {"table"}
    if get_origin(info.annotation) is list:
        return {"list", "tables"} if words == "a list of tables" else {"list"}
    return {"number", "money"} if words.startswith(("money", "an amount")) else {"number", "text"}


@pytest.mark.parametrize(("table", "name"), FIELDS)
def test_a_field_takes_no_value_of_another_type(table: str, name: str) -> None:
    kinds = _kinds(table, name)
    model = MODELS[table]
    taken = {json.dumps(value) for value in WRONG if _taken(model, name, value)}
    possible = {
        "bool": {"false", "true"},
        "number": {"0", "-1"},
        "text": set[str](),
        "money": set[str](),
        "list": {"[]"},
        "tables": {"[{}]"},
        "table": {"{}"},
    }
    assert taken <= set().union(*(possible[kind] for kind in kinds))


@pytest.mark.parametrize("value", [{}, [], 0, False])
@pytest.mark.parametrize(
    ("table", "row", "name"),
    [
        ("users", {"email": "a@x.example"}, "auth_status"),
        ("contents", {"key": "a"}, "kind"),
        ("leads", {"key": "a"}, "status"),
        ("opportunities", {"key": "a"}, "status"),
        ("products", {"sku": "a"}, "status"),
        ("prices", {"price_list": "a", "product": "b"}, "quantity"),
    ],
)
def test_an_empty_value_of_the_wrong_type_is_not_taken_for_nothing(
    table: str, row: dict[str, Any], name: str, value: object
) -> None:
    assert not _taken(INPUTS[table], name, value)
    assert _taken(INPUTS[table], name, None)
    assert _taken(INPUTS[table], name, "")
    assert INPUTS[table].model_validate({**row, name: None}) is not None


@pytest.mark.parametrize(
    "value", ["[0, [1, 5], 1]", "{}", "true", '"1_000"', '"1e9999999"', '"nan"', '"\\uff11"', "1e3"]
)
def test_money_in_a_document_that_is_not_written_as_digits_is_refused(custctl: Runner, value: str) -> None:
    told = "order '1': subtotal must be an amount of money like 1234.50"
    document = f'{{"orders": [{{"number": "1", "subtotal": {value}}}]}}'
    assert [found[1:] for found in custctl.unapplied(document, "d.json")] == [(4, "invalid", told)]


@pytest.mark.parametrize("value", ["1_000", "1e9999999", "nan", "inf", "\u0661", "\uff11", "1e3", "[1]"])
def test_money_on_the_command_line_and_in_filters_and_sheets_is_read_alike(
    custctl: Runner, tmp_path: Path, value: str
) -> None:
    assert custctl("order", "add", "SO-1", "--subtotal", "5", "-q").exit == 0
    assert custctl("price-list", "add", "retail", "-q").exit == 0
    assert custctl("product", "add", "LMP", "Lamp", "-q").exit == 0
    sheet = tmp_path / "orders.csv"
    sheet.write_text(f"number,subtotal\nSO-2,{value}\n")
    for command in (
        ["order", "edit", "SO-1", "--subtotal", value],
        ["order", "list", "--where", f"subtotal>{value}"],
        ["order", "import", str(sheet)],
        ["price-list", "price", "set", "retail", "LMP", value],
        ["setting", "set", "order.minimum", f"USD={value}"],
        ["setting", "set", "currency.rates", f"EUR={value}"],
    ):
        assert custctl(*command).exit == 4, command
