"""Every command once, doing what it is for, in one world: what each other Python has to pass besides the promises."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner import Runner
from tests.tree import leaves

AMANDA, BOB = "amanda.smith@company-a.example", "bob.reyes@company-a.example"
NO = {"access explain", "diff"}
"""Whose answer is no here."""


def verbs(group: str, key: str, new: str, edit: str, extra: str = "") -> str:
    """The verbs that most nouns have: `new` are the words of a new record, the first of which names it."""
    name = shlex.split(new)[0]
    return f"""
        {group} list
        {group} show {key}
        {group} add {new}
        {group} edit {name} {edit}
        {extra}
        {group} delete {name} --yes
        {group} import sheet.csv
    """


def addresses(group: str, owner: str) -> str:
    where = "--street 'Elm St 1' --city Berlin --postal-code 10115 --country DE --region DE-BE --organization Acme"
    return f"""
        {group} address add {owner} --key new {where}
        {group} address list {owner}
        {group} address show {owner}/new
        {group} address edit {owner}/new --city Potsdam
        {group} address delete {owner}/new
        {group} address import sheet.csv
    """


def reached(group: str, owner: str) -> str:
    return f"""
        {group} email add {owner} new@x.example
        {group} email list {owner}
        {group} email remove {owner} new@x.example
        {group} phone add {owner} '+49 30 1234567'
        {group} phone list {owner}
        {group} phone remove {owner} '+49 30 1234567'
    """


def sold(noun: str, key: str) -> str:
    return verbs(noun, key, f"N-1 --customer company-a --user {AMANDA}", "--status open")


def bought(group: str, key: str) -> str:
    return f"{group} orders {key}\n{group} volume {key}\n{group} purchased {key}\n"


def sheet_of_addresses(owner: str) -> str:
    columns = "owner,key,organization,street,city,country,postal_code,region"
    return f"{columns}\n{owner},s,Acme,Elm,Berlin,DE,10115,DE-BE\n"


SHEETS = {
    "customer": "key,name\nsheet,Sheet\n",
    "customer address": sheet_of_addresses("company-a"),
    "user": f"email,first_name,last_name,customer,roles\n{AMANDA},Amanda,Smith,company-a,administrator\n",
    "user address": sheet_of_addresses(AMANDA),
    "group": "key,name\nsheet,Sheet\n",
    "role": "key,label\nsheet,Sheet\n",
    "account": "key,name\nsheet,Sheet\n",
    "contact": "key,first_name\nsheet,Sheet\n",
    "contact address": sheet_of_addresses("ben-carter"),
    "contact group": "key,label\nsheet,Sheet\n",
    "lead": "key,name\nsheet,Sheet\n",
    "lead address": sheet_of_addresses("corner-shop"),
    "opportunity": "key,name,account\nsheet,Sheet,company-a\n",
    "activity": "key,kind,subject\nsheet,call,Sheet\n",
    "marketing": "key,type,at,contact,campaign\nsheet,open,2026-01-02T03:04:05Z,ben-carter,autumn\n",
    "channel": "key,name,type\nsheet,Sheet,b2b\n",
    "business": "key,name,channel\nsheet,Sheet,field-sales\n",
    "business address": sheet_of_addresses("greenleaf-foods"),
    "tag": "key,name\nsheet,Sheet\n",
    "tag taxonomy": "key,name\nsheet,Sheet\n",
    "guest": "key\nsheet\n",
    "content": "key,title,kind\nsheet,Sheet,block\n",
    "content variant": "key,content,customer,text\nsheet,home-banner,company-a,Sheet\n",
    "category": "key,name\nsheet,Sheet\n",
    "product": "sku,name\nSHEET,Sheet\n",
    "price-list": "key,name\nsheet,Sheet\n",
    "price-list price": "price_list,product,quantity,amount\nretail,FLD-10,10,99.00\n",
    **dict.fromkeys(("order", "quote", "request", "shopping-list", "checkout"), "number,customer\nS-1,company-a\n"),
}
"""What is imported under each group."""

SCRIPTS = {
    "customer": verbs(
        "customer",
        "company-a",
        "New",
        "--owner x",
        """
        customer move new --to company-a
        customer add Other
        customer merge company-a-west other --yes
        customer duplicates
        customer tree
        customer lifetime company-a
        customer context company-a
        customer content company-a
        customer products company-a
        customer price company-a FLD-10
    """,
    )
    + bought("customer", "company-a")
    + addresses("customer", "company-a"),
    "user": verbs(
        "user",
        BOB,
        "new@x.example --customer company-a --role buyer --first-name N --last-name N",
        "--first-name M",
        f"""
        user disable new@x.example
        user enable new@x.example
        user move new@x.example company-a-east
        user context {BOB}
        user content {BOB}
        user products {BOB}
        user price {BOB} FLD-10
        user role add new@x.example administrator
        user role list new@x.example
        user role remove new@x.example administrator
    """,
    )
    + bought("user", BOB)
    + addresses("user", BOB),
    "group": verbs(
        "group",
        "partners",
        "New",
        "--payment-term net_30",
        """
        group member add new company-a
        group member list new
        group member remove new company-a
    """,
    ),
    "role": verbs(
        "role",
        "buyer",
        "New",
        "--label Newer",
        "role grant new order view=corporate\nrole revoke new order view --yes",
    ),
    "account": verbs(
        "account",
        "company-a",
        "New",
        "--description x",
        """
        account add Other
        account merge company-a other --yes
        account duplicates
        account lifetime company-a
        account contact list company-a
        account contact add new ben-carter
        account contact remove new ben-carter
    """,
    )
    + bought("account", "company-a"),
    "contact": """
        contact list
        contact show ben-carter
        contact add --first-name New
        contact add --first-name Other
        contact edit new --last-name Newer
        contact merge new other --yes
        contact duplicates
        contact delete new --yes
        contact import sheet.csv
    """
    + reached("contact", "ben-carter")
    + addresses("contact", "ben-carter")
    + verbs(
        "contact group",
        "harvest-fair",
        "New",
        "--label Newer",
        """
        contact group member add new ben-carter
        contact group member list new
        contact group member remove new ben-carter
    """,
    ),
    "lead": verbs(
        "lead",
        "corner-shop",
        "New",
        "--company-name New",
        """
        lead duplicates
        lead disqualify new
        lead reactivate new
        lead qualify new
        lead add Third --company-name Third --last-name Third
        lead convert third
    """,
    )
    + reached("lead", "corner-shop")
    + addresses("lead", "corner-shop"),
    "opportunity": verbs(
        "opportunity",
        "cold-store",
        "New --account company-a",
        "--probability 50",
        """
        opportunity move new negotiation
        opportunity win new --close-date 2026-01-02 --revenue 100
        opportunity reopen new
        opportunity lose new --close-date 2026-01-02 --reason canceled
        opportunity board
    """,
    ),
    "activity": """
        activity list
        activity show late-truck
        activity add call New --key new
        activity edit new --subject Newer
        activity delete new
        activity import sheet.csv
    """,
    "marketing": """
        marketing list
        marketing show autumn-7
        marketing add open --to contact:ben-carter --campaign autumn --key new
        marketing delete new
        marketing campaigns
        marketing import sheet.csv
    """,
    "channel": verbs(
        "channel", "web-shop", "New --type b2b", "--name Newer", "channel enable new\nchannel disable new"
    ),
    "business": verbs(
        "business",
        "greenleaf-foods",
        "New --channel field-sales",
        "--owner x",
        "business duplicates\nbusiness lifetime greenleaf-foods",
    )
    + reached("business", "greenleaf-foods")
    + addresses("business", "greenleaf-foods"),
    "tag": verbs(
        "tag",
        "key-account",
        "New",
        "--name Newer",
        """
        tag tree
        tag member add new customer:company-a
        tag member list new
        tag member remove new customer:company-a
    """,
    )
    + verbs("tag taxonomy", "tier", "New", "--name Newer"),
    "guest": verbs(
        "guest",
        "visitor-1",
        "new",
        "--language fr",
        f"""
        guest enable quote checkout request shopping-list
        guest disable quote
        guest add buying
        guest checkout buying G-1 --email g@x.example --first-name G --last-name G
        guest request buying G-2 --email h@x.example --first-name G --last-name G
        guest shopping-list buying G-3
        guest register visitor:buying --email i@x.example
        guest login visitor-1 {BOB}
        guest context
        guest content
        guest status
        guest access /about
        guest can view product
        guest explain view product
        guest matrix
        guest records order
        guest products
        guest price FLD-10
        guest page add /about
        guest page list
        guest page remove /about
        guest clean --yes
    """,
    ),
    "access": f"""
        access can {AMANDA} view order
        access explain {BOB} edit order:SO-1101
        access matrix {BOB}
        access records {BOB} order
        access who edit order:SO-1201
        access owners {AMANDA} create order
        access test world.toml
    """,
    "order": sold("order", "SO-1001") + "order check SO-1001\n",
    "quote": sold("quote", "Q-1001"),
    "request": sold("request", "RFQ-1001"),
    "shopping-list": sold("shopping-list", "SL-1001").replace("--status open", "--subtotal 10"),
    "checkout": sold("checkout", "CO-1001").replace("--status open", "--subtotal 10") + "checkout check CO-1001\n",
    "report": """
        report accounts-by-lifetime
        report accounts-by-opportunities
        report leads-by-date
        report opportunities-by-status
        report opportunities-won
        report forecast
    """,
    "content": verbs("content", "home-banner", "New", "--title Newer")
    + """
        content variant list
        content variant show commerce-main-menu
        content variant add home-banner --language de --key new --text New
        content variant edit new --text Newer
        content variant delete new
        content variant import sheet.csv
    """,
    "category": verbs("category", "desk-lamps", "New", "--name Newer", "category tree\ncategory visibility desk-lamps"),
    "product": verbs("product", "fld-10", "NEW-1 New", "--name Newer", "product visibility FLD-10"),
    "price-list": verbs(
        "price-list",
        "retail",
        "New",
        "--name Newer",
        """
        price-list price set new FLD-10 100
        price-list price list new
        price-list price delete new FLD-10
        price-list price import sheet.csv
    """,
    ),
    "setting": """
        setting list
        setting get currency.base
        setting set guest.quote yes
        setting unset guest.quote
    """,
    "config": """
        config show
        config get db
        config path
        config set color never
        config unset color
    """,
    "db": """
        db path
        db status
        db migrate
        db check
        db adopt customer:company-a --manager crm --yes
        db backup kept.backup
        db restore kept.backup --yes
    """,
    "": """
        plan -f world.toml --out today.plan
        diff -f world.toml
        apply --plan today.plan --yes
        export
        search company
        history
        undo --last --yes
        redo --last --yes
        --db new.db demo
        --db large.db demo --customers 20
        help documents
        completion bash
        version
    """,
}


@pytest.fixture
def here(demo: Runner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = demo.database.parent
    monkeypatch.chdir(folder)
    demo.file(f"""
        [[customers]]
        key = "new-one"
        name = "New one"
        [[tests]]
        subject = "{AMANDA}"
        action = "view"
        resource = "order"
        allowed = true
    """)
    yield folder
    os.chdir("/")


def lines(script: str) -> list[str]:
    return [line.strip() for line in script.splitlines() if line.strip()]


@pytest.mark.parametrize("group", SCRIPTS)
@pytest.mark.usefixtures("here")
def test_every_command_of_a_group_does_what_it_is_for(demo: Runner, group: str) -> None:
    for line in lines(SCRIPTS[group]):
        path = line.partition(" import ")[0]
        if path != line:
            demo.file(SHEETS[path], "sheet.csv")
        answer = demo(*shlex.split(line))
        assert answer.exit == (1 if any(line.startswith(command) for command in NO) else 0), (line, answer)


def test_every_command_is_among_them() -> None:
    ran = [line.split() for script in SCRIPTS.values() for line in lines(script)]
    ran = [words[2:] if words[0] == "--db" else words for words in ran]
    missing = [path for path in leaves() if not any(tuple(words[: len(path)]) == path for words in ran)]
    assert missing == []
