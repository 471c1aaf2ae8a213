"""How an answer is shown: one function a view for people, formats.py for programs.

Stored text is made safe in one place, `_Page.line`, or where cells are made (`text_of`). Colours are written here
and not by rich, so that an answer of one line does not wait for it; rich draws the boxed tables of a terminal.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from typing import Any, Literal, NamedTuple, TextIO

from custctl.errors import CustctlError, Problem, number_of
from custctl.formats import WRITERS, can_hold, text_of, visible, write_jsonl, write_yaml
from custctl.result import LISTS, Result, Row, View

Style = Literal["", "good", "bad", "some", "more", "dim", "bold"]
Span = str | tuple[str, Style]

_SGR: Mapping[Style, str] = {"good": "32", "bad": "31", "some": "33", "more": "36", "dim": "2", "bold": "1"}
_BOXED_ROWS = 200  # rich takes 0.2 ms a row; beyond this many, nobody reads a box either
_GAP = 2  # rich puts a space behind each cell and one between columns
_NARROWEST_COLUMN = 14
_ALIGNED_TOGETHER = 10_000
_DRAWN_LEVELS = 40
_FIELDS_SHOWN_UP_TO = 20
_ADDED_FIELDS_TOLD = 3
_WIDE_TERMINAL = 120
_PROSE = 80
_SHORTEST_BAR, _LONGEST_BAR = 8, 40
_NAME_OF_A_FACT = 24

REASONS: Mapping[str, str] = {
    "granted": "a role grants it",
    "unprotected": "anyone may, because roles do not protect it",
    "public-role": "everyone who signs in may see a public role",
    "no-role": "no role is held",
    "no-entry": "no role says anything about it",
    "explicit-none": "every role that mentions it says none",
    "out-of-reach": "level {level} does not reach this record",
    "not-applicable": "there is no such permission for it",
    "field-closed": "every role closes this field",
    "guest-record": "a guest user never signs in",
    "reset": "the password was reset, and a new one is not set",
    "disabled": "the user is disabled",
    "unconfirmed": "the user is not confirmed",
    "no-customer": "the user belongs to no customer",
    "order-closed": "the order is closed or cancelled",
    "workflow-active": "a workflow is active on the request",
    "quote-unavailable": "the quote is a draft, deleted or expired",
    "customer-not-visible": "the role's customer may not be viewed",
    "parent-denied": "the record it belongs to does not allow it",
    "protected-role": "what a shop needs is kept: predefined roles, the website's roles, the visitors' group",
    "role-in-use": "the role still has users",
    "feature-off": "the shop has switched the feature off for guests",
    "hidden": "it is not shown to them: visibility hides it, or it is not on sale",
}
"""The reason codes of a decision in words."""

_SIGN_IN = frozenset({"guest-record", "reset", "disabled", "unconfirmed", "no-customer"})
_SOURCES = {"entry": "by its entry", "default": "by its default", "nothing": "says nothing"}
_REACHES = {
    "user": "only the user's own records",
    "department": "only records of the user's own customer",
    "corporate": "only records of the user's own customer and of those below it",
}
_MATCHES = {
    "own": "the record is the user's own",
    "owner-customer": "the owner's customer is within reach",
    "customer": "the record's customer is within reach",
    "ownerless": "such records have no owner",
    "visitor": "the record is of this visitor's session",
}


class _Glyphs(NamedTuple):
    tee: str
    elbow: str
    bar: str
    yes: str
    no: str
    lost: str
    arrow: str
    none: str
    more: str
    full: str


_DRAWN = _Glyphs("├─ ", "└─ ", "│  ", "✓", "✗", "·", " → ", "\N{EN DASH}", "…", "█")
_TYPED = _Glyphs("|- ", "`- ", "|  ", "+", "-", ".", " -> ", "-", "...", "#")
_GLYPHS = "├─└│✓✗·→\N{EN DASH}…█"


class _Page(NamedTuple):
    """Where an answer goes, and what can be shown there. Without a width nothing is folded."""

    out: TextIO
    color: bool = False
    width: int | None = None
    terminal: bool = False
    glyphs: _Glyphs = _DRAWN

    def line(self, *spans: Span, body: str = "", style: Style = "", hang: str | None = None) -> None:
        """Write one line. The body is folded at the width; the lines that follow start with `hang`."""
        start = "".join(_plain(span) for span in spans)
        if self.width is None or not body:
            self._write(*spans, (body, style))
            return
        hang = " " * cells(start) if hang is None else hang
        first, *rest = _fold(visible(body), self.width - cells(start), self.width - cells(hang))
        self._write(*spans, (first, style))
        for more in rest:
            self._write((hang, "dim" if hang.strip() else ""), (more, style))

    def _write(self, *spans: Span) -> None:
        self.out.write("".join(map(self.painted, spans)).rstrip(" ") + "\n")

    def painted(self, span: Span) -> str:
        text, style = _plain(span), "" if isinstance(span, str) else span[1]
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self.color and style and text else text


def render(result: Result, output: str, *, out: TextIO, color: bool, width: int | None, terminal: bool) -> None:
    """Write the result to `out`: as a program reads it, or as the view a person is shown."""
    _forgive(out)
    if output in WRITERS:
        WRITERS[output](result, out)
        return
    if output == "wide" and result.view in LISTS:
        terminal = False  # neither boxed nor folded
    page = _page(out, color=color, width=width if terminal else None, terminal=terminal)
    for number, (title, part) in enumerate(result.parts):
        if number:
            page.line("")
        page.line((f"$ {title}", "dim"))
        _VIEWS[part.view](page, part)
    if not result.parts:
        _VIEWS[result.view](page, result)


def render_error(error: CustctlError, output: str, err: TextIO, color: bool, limit: int = 20) -> None:
    """Write what is wrong: one object where the output is JSON or YAML, else each problem with its place and hint."""
    if output in ("json", "jsonl"):
        write_jsonl([error.as_json()], err)
        return
    if output == "yaml":
        write_yaml(error.as_json(), err)
        return
    _forgive(err)
    page = _page(err, color=color)
    for problem in error.problems[:limit]:
        _problem(page, problem)
    if (hidden := len(error.problems) - limit) > 0:
        page.line(f"{page.glyphs.more} {hidden} more")


def cells(text: str) -> int:
    """How many cells of a terminal the text takes: wide characters take two, marks on a letter none."""
    if text.isascii() or max(text) < "\u0300":
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _forgive(out: TextIO) -> None:
    """A name with a letter that the encoding lacks is no reason to fail; such a letter is shown as an escape."""
    if isinstance(out, io.TextIOWrapper) and out.errors == "strict":
        out.reconfigure(errors="backslashreplace")


def _page(out: TextIO, *, color: bool, width: int | None = None, terminal: bool = False) -> _Page:
    glyphs = _DRAWN if can_hold(out, _GLYPHS) else _TYPED
    return _Page(out, color, width, terminal, glyphs)


def _answers(result: Result) -> Iterable[Row]:
    return (result.data,) if isinstance(result.data, Mapping) else result.data


def _plain(span: Span) -> str:
    return visible(span if isinstance(span, str) else span[0])


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _fold(text: str, width: int, later: int | None = None) -> Iterator[str]:
    """The text in lines of at most `width` cells, broken at spaces; only a word that is longer still is cut.

    `later` is the width from the second line on, where it differs.
    """
    width = max(width, _NARROWEST_COLUMN)
    later = width if later is None else max(later, _NARROWEST_COLUMN)
    first, *words = text.split(" ")
    *full, line = [first] if cells(first) <= width else _chopped(first, min(width, later))
    yield from full
    width = later if full else width
    for word in words:
        longer = f"{line} {word}"
        if cells(longer) <= width:
            line = longer
            continue
        yield line
        width = later
        *full, line = _chopped(word, width)
        yield from full
    yield line


def _chopped(word: str, width: int) -> list[str]:
    if word.isascii():
        return [word[at : at + width] for at in range(0, len(word), width)] or [""]
    from rich.cells import chop_cells

    return chop_cells(word, width) or [word]


# Lists


def _list(page: _Page, result: Result) -> None:
    columns, rows = _columns(result)
    if page.terminal:
        few = list(islice(rows, _BOXED_ROWS + 1))
        if len(few) <= _BOXED_ROWS:
            _boxed(page, columns, few, result.bar)
            return
        rows = chain(few, rows)
    header = tuple(visible(column).upper() for column in columns)
    _aligned(page, header, (_cells_of(row, columns) for row in rows))


def _history(page: _Page, result: Result) -> None:
    """A list of changes, each with what differs: one value where a record came or went, else the old and the new."""
    rows = ({**row, "fields": _told_change(page, row)} for row in _answers(result))
    _list(page, replace(result, data=rows))


def _told_change(page: _Page, change: Row) -> str:
    if change["op"] in ("add", "remove"):
        differences = [difference for difference in _differences(change["fields"]) if any(difference[1:])]
        return "; ".join(f"{path}: {old or new}" for path, old, new in differences)
    rows = _by_subject(change.get("access", {})).get(change["record"], ())
    levels = (" ".join(line.split()) for line in _level_lines(page, rows))
    return "; ".join([*_told_differences(page, change, rows), *levels])


def _columns(result: Result) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The columns to show, those of the first row if the result names none, and the rows."""
    rows = iter(_answers(result))
    first = list(islice(rows, 1))
    columns = result.columns or tuple(first[0] if first else ())
    return columns, chain(first, rows)


def _cells_of(row: Row, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple([text_of(row.get(column)) or "-" for column in columns])


def _aligned(page: _Page, header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> None:
    """Write the cells in columns two spaces apart; without rows, not even the header.

    Rows are aligned ten thousand at a time, so that a list of any length streams; columns never become narrower.
    """
    widths = [cells(name) for name in header]
    block = [tuple(header), *islice(rows, _ALIGNED_TOGETHER)]
    if len(block) == 1:
        return
    while block:
        columns = list(zip(*block, strict=True))
        widths = [max(width, *map(cells, column)) for width, column in zip(widths, columns, strict=True)]
        padded = [[_pad(cell, width) for cell in column] for width, column in zip(widths, columns, strict=True)]
        page.out.writelines("  ".join(line).rstrip(" ") + "\n" for line in zip(*padded, strict=True))
        block = list(islice(rows, _ALIGNED_TOGETHER))


def _boxed(page: _Page, columns: Sequence[str], rows: Sequence[Row], bar: str = "") -> None:
    """Draw a table whose cells fold; where the columns have no room side by side, the rows stand one by one."""
    if not rows:
        return
    table = [_cells_of(row, columns) for row in rows]
    heads = [visible(name).upper().replace("_", " ") for name in columns]
    longest = [max(map(cells, column)) for column in zip(*table, strict=True)]
    words = [max(map(cells, head.split())) for head in heads]
    least = [max(min(cell, _NARROWEST_COLUMN), word) for cell, word in zip(longest, words, strict=True)]
    wanted = [max(cell, cells(head)) for cell, head in zip(longest, heads, strict=True)]
    if page.width is not None and sum(least) + _GAP * len(least) > page.width:
        _records(page, [dict(zip(columns, row, strict=True)) for row in table])
        return
    widths = wanted if page.width is None else _shares(wanted, least, page.width - _GAP * len(least))
    if any(name in _COMMANDS and width < cell for name, width, cell in zip(columns, widths, longest, strict=True)):
        _records(page, [dict(zip(columns, row, strict=True)) for row in table])
        return
    numeric = [_is_numeric(row.get(column) for row in rows) for column in columns]
    room = min((page.width or _PROSE) - sum(widths) - _GAP * (len(widths) + 1), _LONGEST_BAR)
    if bar and room >= _SHORTEST_BAR:
        bars = _bars([0 if row.get(columns[0]) is None else row.get(bar) for row in rows], room, page.glyphs.full)
        table = [(*row, drawn) for row, drawn in zip(table, bars, strict=True)]
        heads, widths, numeric = [*heads, ""], [*widths, room], [*numeric, False]
    _draw(page, list(zip(heads, widths, numeric, strict=True)), table)


def _bars(values: Sequence[Any], room: int, full: str) -> Iterator[str]:
    """A bar for each number, the longest as long as there is room; of what is not nothing, one is always seen."""
    from decimal import Decimal  # only a terminal has bars

    numbers = [Decimal(value or 0) for value in values]
    most = max(numbers, default=Decimal(0))
    for number in numbers:
        yield full * max(int(number * room / most), 1) if number > 0 else ""


def _shares(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widths of columns that have to share too little room; the first, by which a row is named, gives last."""
    widths = list(wanted)
    while sum(widths) > room:
        wide = [place for place, width in enumerate(widths) if width > least[place]]
        widths[max(wide, key=lambda place: (place > 0, widths[place]))] -= 1
    return widths


def _is_numeric(values: Iterable[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _draw(page: _Page, columns: Iterable[tuple[str, int, bool]], rows: Iterable[Sequence[str]]) -> None:
    """The one place that uses rich, to share the width among the columns. It is given Text, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, border_style="dim", header_style="bold", show_edge=False, padding=(0, 1, 0, 0))
    for head, width, numeric in columns:
        justify: Literal["right", "left"] = "right" if numeric else "left"
        table.add_column(Text(head), width=width, overflow="fold", justify=justify)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(
        file=page.out,
        width=page.width,
        height=25,  # with both given, rich asks neither the terminal nor the environment
        color_system="standard" if page.color else None,
        no_color=not page.color,
        force_terminal=True,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(table)


# Boards

_NARROWEST_LANE = 18


def _board(page: _Page, result: Result) -> None:
    """Rows by their status, a lane a status; as many lanes side by side as have room, the others below them."""
    if not page.terminal:
        _list(page, result)
        return
    columns, rows = _columns(result)
    lanes: dict[str, list[Row]] = {}
    for row in rows:
        lanes.setdefault(str(row["status"]), []).append(row)
    room = page.width or _PROSE
    abreast = min(max((room + _GAP) // (_NARROWEST_LANE + _GAP), 1), len(lanes))
    waiting = iter(lanes.items())
    while some := list(islice(waiting, abreast)):
        width = (room + _GAP) // abreast - _GAP
        told = [list(_lane(status, cards, columns, width)) for status, cards in some]
        for spans in zip_longest(*told, fillvalue=("", "")):
            *others, (last, style) = spans
            page.line(*((_pad(text, width + _GAP), how) for text, how in others), (last, style))


def _lane(status: str, cards: Sequence[Row], columns: Sequence[str], width: int) -> Iterator[tuple[str, Style]]:
    """The lines of one lane: its name, then each card with its key and what else there is to it."""
    for line in _fold(f"{visible(status).replace('_', ' ')} ({len(cards)})", width):
        yield line.upper(), "bold"
    for card in cards:
        texts = (visible(text_of(card.get(name))) for name in columns if name not in ("status", "key"))
        yield from ((line, "more") for line in _fold(visible(str(card["key"])), width))
        yield from ((f"  {line}", "") for line in _fold(", ".join(text for text in texts if text), width - 2))
    yield "", ""


# Records and trees


def _record(page: _Page, result: Result) -> None:
    _records(page, _answers(result))


def _records(page: _Page, rows: Iterable[Row]) -> None:
    for number, row in enumerate(rows):
        if number:
            page.line()
        _fields(page, row)


def _fields(page: _Page, row: Row) -> None:
    """The plain fields side by side with their values; below, those that hold objects, indented."""
    nested = {name: value for name, value in row.items() if _is_nested(value)}
    _pairs(page, {name: value for name, value in row.items() if name not in nested})
    for name, value in nested.items():
        page.line((name, "bold"))
        if isinstance(value, Mapping):
            _pairs(page, value, "  ")
            continue
        for item in value:
            _pairs(page, item, "  - ")


def _overview(page: _Page, result: Result) -> None:
    """A record and what hangs on it: its fields that say something, then each part with its rows, a line a row."""
    for row in _answers(result):
        counts = row["counts"]
        plain = {name: value for name, value in row.items() if not _is_nested(value) and value not in (None, [], "")}
        _pairs(page, {name: value for name, value in plain.items() if name not in _LEFT_OUT})
        for name, value in row.items():
            if name == "documents" and (kinds := list(_kinds(value))):
                _part(page, name, None, kinds)
            elif name not in ("counts", "documents") and _is_nested(value):
                shown, rows = ("contacts", list(_people(value))) if name == "contact_details" else (name, value)
                told = _OF_PARTS.get(name)
                rows = rows if told is None else [{column: row[column] for column in told} for row in rows]
                _part(page, shown, counts.get(shown), rows)


_OF_PARTS = {"activities": ("at", "kind", "subject", "about"), "marketing": ("at", "campaign", "type", "to")}
"""What is told of the rows of a part that says more elsewhere."""


_PEOPLE = 5
"""So many contacts are shown to a person; JSON has all of them."""


def _people(contacts: Sequence[Row]) -> Iterator[Row]:
    """The contacts, the default one first."""
    for row in sorted(contacts, key=lambda row: not row["default"])[:_PEOPLE]:
        shown = {name: row[name] for name in ("key", "name", "email", "phone")}
        yield {**shown, "is": "default" if row["default"] else None}


def _part(page: _Page, name: str, count: int | None, rows: Sequence[Row]) -> None:
    """One part: its name, how many there are, and the rows in columns without a header."""
    few = "" if count is None or count == len(rows) else f", {len(rows)} shown"
    page.line((name, "bold"), "" if count is None else f" ({count}{few})")
    table = [[_cell(column, value) for column, value in row.items() if column not in _NOT_IN_ROWS] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    for line in table:
        shown = (_pad(cell, width) for cell, width in zip(line, widths, strict=True) if width)
        page.line("  ", body="  ".join(shown).rstrip(" "), hang=" " * 6)


def _kinds(documents: Row) -> Iterator[Row]:
    """A row for each kind of sales document that there is: how many, and the latest."""
    for name, part in documents.items():
        if part["count"]:
            latest = part["latest"][0] if part["latest"] else {}
            amount = " ".join(text_of(latest[of]) for of in ("subtotal", "currency") if latest.get(of))
            told = (latest.get("number"), latest.get("status"), amount, (latest.get("placed_at") or "")[:_DAY])
            yield {"kind": name, "count": part["count"], **{str(at): value for at, value in enumerate(told)}}


_DAY = len("2026-01-31")
_LEFT_OUT = frozenset({"id", "contacts", "created", "updated"})
_NOT_IN_ROWS = _LEFT_OUT | {"unconverted"}
"""What a person is not told of a company at a glance; contacts are, with more than their keys."""


def _cell(column: str, value: Any) -> str:
    """A value of a row without a header: a switch is told by its name, a number with it."""
    if isinstance(value, bool):
        return visible(column if value else f"not {column}")
    if column == "lifetime":
        return f"lifetime {value}"
    if column == "at":
        return visible(str(value)[:_DAY])
    if isinstance(value, int) and column != "count":
        return f"{value}%" if column == "probability" else f"{visible(column).replace('_', ' ')} {value}"
    return visible(text_of(value))


def _is_nested(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(item, Mapping) for item in value)
    return isinstance(value, Mapping) and bool(value)


_COMMANDS = frozenset({"command", "remedy"})
"""Fields that hold commands. They are never folded: each line would be a command of its own when pasted."""


def _pairs(page: _Page, pairs: Mapping[str, Any], lead: str = "") -> None:
    width = max((cells(visible(name)) for name in pairs), default=0)
    for name, value in pairs.items():
        start: tuple[Span, ...] = (lead, (_pad(visible(name), width), "dim"), "  ")
        told = _told(value) or "-"
        if name in _COMMANDS:
            page.line(*start, told)
        else:
            page.line(*start, body=told)
        lead = " " * len(lead)


def _told(value: Any) -> str:
    """A value as a person reads it; of one that comes from another record, that record too."""
    if isinstance(value, Mapping) and value.keys() == {"value", "origin"}:
        return f"{text_of(value['value'])} ({value['origin']})" if value["origin"] else ""
    return text_of(value)


def _tree(page: _Page, result: Result) -> None:
    for root in _answers(result):
        page.line(_node(root))
        for branch, node in _branches(page.glyphs, root):
            page.out.write(f"{branch}{visible(_node(node))}\n")


def _node(node: Row) -> str:
    key, name = str(node["key"]), node.get("name")
    return f"{key}  {name}" if name and name != key else key


def _branches(glyphs: _Glyphs, root: Row) -> Iterator[tuple[str, Row]]:
    """Every node below the root, with the branch it hangs on; a loop, because recursion ends at a thousand levels.

    From a certain level on branches move no further to the right and the number of the level is written instead:
    the lines of a very deep tree would be mostly branch.
    """
    opened = [(_with_last(root), "")]
    while opened:
        siblings, trunk = opened[-1]
        for node, is_last in siblings:
            level = len(opened)
            deep = level > _DRAWN_LEVELS
            yield trunk + (glyphs.elbow if is_last else glyphs.tee) + (f"({level}) " if deep else ""), node
            below = "" if deep else " " * len(glyphs.bar) if is_last else glyphs.bar
            opened.append((_with_last(node), trunk + below))
            break
        else:
            opened.pop()


def _with_last(node: Row) -> Iterator[tuple[Row, bool]]:
    """The children of a node, each with whether it is the last."""
    children = iter(node.get("children") or ())
    waiting = list(islice(children, 1))
    for child in children:
        yield waiting[0], False
        waiting = [child]
    for child in waiting:
        yield child, True


# Decisions


def _decision(page: _Page, result: Result) -> None:
    for row in _answers(result):
        if "error" in row:
            asked = " ".join(str(row[name]) for name in ("subject", "action", "resource") if row.get(name))
            page.line(("?", "some"), "    ", body=f"{asked}: {_failure(row)}")
        else:
            _verdict(page, row)


def _failure(row: Row) -> str:
    """Why a question of a batch could not be answered."""
    error = row["error"]
    return str(error["message"] if isinstance(error, Mapping) else error)


def _verdict(page: _Page, row: Row) -> None:
    """The answer in one line: yes or no, the question, why in words, and the code to look for."""
    allowed = bool(row["allowed"])
    why = "" if row["reason"] == "granted" else f": {_in_words(row)}"
    level = "" if row["level"] == "none" else f", level {row['level']}"
    word: Span = ("yes", "good") if allowed else ("no", "bad")
    page.line(word, "  " if allowed else "   ", body=f"{_question(row)}{why} ({row['reason']}{level})")


def _question(row: Row) -> str:
    may = "may" if row["allowed"] else "may not"
    customer = f" of customer {row['customer']}" if row.get("customer") else ""
    owner = f" owned by {row['owner']}" if row.get("owner") else ""
    return f"{row['subject']} {may} {row['action']} {row['resource']}{customer}{owner}"


def _in_words(row: Row) -> str:
    """The reason in words; a code that this version has no words for stands for itself."""
    words = _of_storefront(row) or REASONS.get(row["reason"])
    return str(row["reason"]) if words is None else words.format(level=row.get("level"))


def _of_storefront(row: Row) -> str | None:
    """The words for what no role decides: which roles and which fields the storefront has."""
    about = str(row.get("record") or row.get("resource") or "")
    if row["reason"] == "protected-role" and about.startswith("role:") and "/" in about:
        return "the role is not self-managed and public, so the storefront does not show it"
    entity, dot, field = about.partition(".")
    if row["reason"] == "field-closed" and dot:
        from custctl.storefront import closed_by_table

        if closed_by_table(entity, str(row.get("action")), field):
            does = "show" if row["action"] == "view" else "let a customer user write"
            return f"the storefront does not {does} this field"
    return None


class _Step(NamedTuple):
    """One line of an explanation: what it contributed (a mark), the text, and the steps below it."""

    mark: Literal["yes", "no", "lost"]
    text: str
    below: tuple[_Step, ...] = ()


_MARK_STYLES: Mapping[str, Style] = {"yes": "good", "no": "bad", "lost": "dim"}


def _explain(page: _Page, result: Result) -> None:
    for row in _answers(result):
        _verdict(page, row)
        _steps(page, [_role_steps(row), *_ownership_steps(page, row), *_veto_steps(row)])
        if not row["allowed"]:
            _remedy(page, row.get("remedy"))


def _steps(page: _Page, steps: Sequence[_Step], trunk: str = "", dim: bool = False) -> None:
    for step in steps:
        is_last = step is steps[-1]
        branch = page.glyphs.elbow if is_last else page.glyphs.tee
        below = trunk + (" " * len(branch) if is_last else page.glyphs.bar)
        mark: str = getattr(page.glyphs, step.mark)
        style: Style = "dim" if dim and step.mark != "yes" else ""
        page.line(
            (trunk + branch, "dim"),
            (mark, style or _MARK_STYLES[step.mark]),
            " ",
            body=step.text,
            style=style,
            hang=below + "  ",
        )
        _steps(page, step.below, below, dim=True)


def _tests(page: _Page, result: Result) -> None:
    """The tests that cannot be asked, with what is wrong, and those that fail, with the answer; then how many are."""
    assert isinstance(result.data, Mapping)
    for test in result.data["tests"]:
        if "error" in test:
            place = ":".join(str(test[part]) for part in ("file", "line") if test[part] is not None)
            page.line(("?", "some"), " ", f"{place}  " if place else "", body=_failure(test))
            if "hint" in test["error"]:
                page.line("  hint: ", body=test["error"]["hint"])
        elif not test["passed"]:
            expected = ", ".join(f"{name} {text_of(value)}" for name, value in test["expected"].items())
            page.line((page.glyphs.no, "bad"), " ", f"{test['file']}:{test['line']}  ", body=f"expected {expected}")
            _explain(page, Result(test["got"], "explain"))
    passed, failed, errors = (result.data.get(name, 0) for name in ("passed", "failed", "errors"))
    wrong = f"; {number_of(errors, 'error')}" if errors else ""
    page.line((f"{passed} of {passed + failed} tests passed{wrong}", "bad" if failed or errors else "good"))


def _role_steps(row: Row) -> _Step:
    """What every role says, and the widest level, which is the one that counts."""
    roles, widest = row["roles"], row["level"]
    if not roles:
        return _Step("no", "roles: none")
    names = [visible(role["role"]) for role in roles]
    width = max(map(cells, names))
    reach = max(len(role["level"]) for role in roles)
    below = tuple(
        _Step(_role_mark(role, widest), f"{_pad(name, width)}  {role['level']:<{reach}}  {_source(role)}")
        for role, name in zip(roles, names, strict=True)
    )
    return _Step("no" if widest == "none" else "yes", f"roles: the widest level is {widest}", below)


def _role_mark(role: Row, widest: str) -> Literal["yes", "no", "lost"]:
    if role["level"] == "none":
        return "no"
    return "yes" if role["level"] == widest else "lost"


def _source(role: Row) -> str:
    return _SOURCES[role["source"]] + (" (assumed)" if role["assumed"] else "")


def _ownership_steps(page: _Page, row: Row) -> list[_Step]:
    """By which rule the record was reached, or that none was; a question about no record has no such step."""
    match = row.get("match")
    if match is None:
        missed = row["reason"] == "out-of-reach"
        reach = f"ownership: level {row['level']} reaches {_REACHES.get(row['level'], 'no record')}"
        return [_Step("no", reach)] if missed else []
    path = page.glyphs.arrow.join(match["path"])
    return [_Step("yes", f"ownership: {_MATCHES[match['rule']]}" + (f": {path}" if path else ""))]


def _veto_steps(row: Row) -> Iterator[_Step]:
    for veto in row["vetoes"]:
        kind = "sign-in" if veto["reason"] in _SIGN_IN else "veto"
        record = f", {veto['record']}" if veto.get("record") else ""
        yield _Step("no", f"{kind}: {_in_words(veto)} ({veto['reason']}{record})")


def _remedy(page: _Page, remedy: Row | None) -> None:
    """The commands that would help, one a line and never folded, so that they can be copied."""
    if remedy is None:
        page.line("nearest remedy: none")
        return
    page.line("nearest remedy:")
    for command in remedy["commands"]:
        page.line("  ", (command, "bold"))
    counts = remedy["also_affects"].items()
    affected = ", ".join(number_of(number, nouns.removesuffix("s")) for nouns, number in counts if number)
    page.line(f"also affects: {affected or 'nobody else'}")


# The matrix of one subject

_LEVEL_STYLES: Mapping[str, Style] = {
    "none": "dim",
    "off": "dim",
    "user": "some",
    "department": "more",
    "corporate": "good",
    "full": "good",
    "on": "good",
}
_SECTIONS = (
    ("entities", "entity", ("view", "create", "edit", "delete", "assign")),
    ("capabilities", "capability", ("use",)),
    ("workflows", "workflow", ("view", "perform")),
    ("fields", "field", ("view", "create", "edit")),
)
_LEGEND = (
    "cells    {none} none  U user  D department  C corporate  F full",
    "columns  V view  C create  E edit  D delete  A assign  P perform",
)


def _matrix(page: _Page, result: Result) -> None:
    """The levels in letters where a terminal is narrow, else in words."""
    letters = {} if page.width is None or page.width >= _WIDE_TERMINAL else _letters(page.glyphs)
    for matrix in _answers(result):
        page.line(body=_sign_in(matrix))
        for section, noun, permissions in _SECTIONS:
            if matrix.get(section):
                page.line()
                _section(page, noun, permissions, matrix[section], letters)
    if letters:
        page.line()
        for line in _LEGEND:
            page.line((line.format(none=page.glyphs.none), "dim"))


def _letters(glyphs: _Glyphs) -> dict[str, str]:
    words = {"user": "U", "department": "D", "corporate": "C", "full": "F"}
    return words | {"none": glyphs.none, "off": glyphs.none, "on": glyphs.yes}


def _sign_in(matrix: Row) -> str:
    """Whether the subject can sign in; one that is not a user is only named."""
    sign_in = matrix.get("sign_in")
    if sign_in is None or not matrix["subject"].startswith("user:"):
        return str(matrix["subject"])
    if sign_in["allowed"]:
        return f"{matrix['subject']} can sign in"
    return f"{matrix['subject']} cannot sign in: {_in_words(sign_in)} ({sign_in['reason']})"


def _section(
    page: _Page, noun: str, permissions: Sequence[str], rows: Sequence[Row], letters: Mapping[str, str]
) -> None:
    """A row a thing, a column a permission; an empty letter table means that levels are words."""
    names = [visible(str(row.get(noun) or row["name"])) for row in rows]
    levels = [_levels(row) for row in rows]
    initials = letters and len(permissions) > 1
    heads = {name: name[0].upper() if initials else name.upper() for name in permissions}
    widths = {
        permission: max(len(head), *(len(letters.get(level, level)) for level in _column(levels, permission)))
        for permission, head in heads.items()
    }
    first = max(map(cells, [noun, *names]))
    header = (" " if letters else "  ").join(head.ljust(widths[name]) for name, head in heads.items())
    page.line((_pad(noun.upper(), first), "bold"), "  ", (header, "bold"))
    for name, row in zip(names, levels, strict=True):
        _section_row(page, _pad(name, first), row, widths, letters)


def _section_row(
    page: _Page, name: str, levels: Mapping[str, str], widths: Mapping[str, int], letters: Mapping[str, str]
) -> None:
    """The cells, nothing where the permission does not exist; permissions that only this thing has go behind."""
    gap = " " if letters else "  "
    spans: list[Span] = [name, "  "]
    for permission, width in widths.items():
        level = levels.get(permission, "")
        spans += [(letters.get(level, level).ljust(width), _LEVEL_STYLES.get(level, "")), gap]
    own = [
        f"{permission}={letters.get(level, level)}" for permission, level in levels.items() if permission not in widths
    ]
    page.line(*spans, body=" ".join(own))


def _levels(row: Row) -> dict[str, str]:
    """The level of each permission; a capability has one, on or off."""
    if "permissions" in row:
        return {permission: cell["level"] for permission, cell in row["permissions"].items()}
    return {"use": "on" if row["allowed"] else "off"}


def _column(rows: Iterable[Mapping[str, str]], permission: str) -> list[str]:
    return [row.get(permission, "") for row in rows]


# Changes and text

_SIGNS: Mapping[str, Span] = {
    "add": ("+", "good"),
    "change": ("~", "some"),
    "rename": ("~", "some"),
    "remove": ("-", "bad"),
}
_DONE = {"add": "added", "change": "changed", "rename": "renamed", "remove": "removed"}
_TO_DO = {"add": "to add", "change": "to change", "rename": "to rename", "remove": "to remove"}


def _changes(page: _Page, result: Result) -> None:
    """A line a record, what changes in it and in access, and the counts: of what is done, or of what would be."""
    for answer in _answers(result):
        changes = answer["changes"]
        if not changes:
            page.line("nothing to change")
            continue
        rows = _by_subject(answer.get("access", {}))
        for change in changes:
            own = rows.pop(change["record"], ())
            _change(page, change, in_full=len(changes) <= _FIELDS_SHOWN_UP_TO, rows=own)
        for text in _effects(page, answer.get("access", {}), rows):
            page.line(body=text, hang="    ")
        page.line(_summary(changes, _TO_DO if answer.get("revision") is None else _DONE))


def _log(page: _Page, result: Result) -> None:
    """A paragraph a revision: who changed what, when and how, then its records as a write shows them."""
    revision, rest, levels = None, dict[str, Any](), dict[str, Sequence[Row]]()
    for change in _answers(result):
        if change["revision"] != revision:
            if revision is not None:
                page.line()
            revision = change["revision"]
            took = f"  undoes {change['undoes']}" if change["undoes"] else ""
            taken = f"  undone by {change['undone_by']}" if change["undone_by"] else ""
            page.line((f"revision {revision}", "bold"), f"  {change['at']}  {change['actor']}{took}{taken}")
            page.line("  ", (change["command"], "dim"))
        few = len(change["fields"]) <= _ADDED_FIELDS_TOLD
        access = change.get("access", {})
        rows = _by_subject(access)
        own = rows.pop(change["record"], ())
        _change(page, change, in_full=few, margin="  ", behind=f"  v{change['version']}", rows=own)
        for name in ("reach", "sign_in", "shown"):  # of one revision alone
            rest[name] = [*rest.get(name, ()), *access.get(name, ())]
        rest["more"] = rest.get("more", 0) + access.get("more", 0)
        levels |= rows
    for text in _effects(page, rest, levels):
        page.line("  ", body=text, hang="      ")


def _import(page: _Page, result: Result) -> None:
    """The counts of an import, then what is wrong with each row that was rejected."""
    for answer in _answers(result):
        _pairs(page, {name: value for name, value in answer.items() if name not in ("errors", "access")})
        access = answer.get("access", {})
        subjects = _by_subject(access)
        for text in _effects(page, access, dict(islice(subjects.items(), _SUBJECTS_SHOWN))):
            page.line(body=text, hang="    ")
        if (more := len(subjects) - _SUBJECTS_SHOWN) > 0:
            page.line(f"{page.glyphs.more} levels of {more} more, which -o json tells")
        for error in answer["errors"]:
            page.line(("error: ", "bad"), body=error["message"])
            place = [":".join(str(error[part]) for part in ("file", "line") if part in error)]
            place += [f'field "{error["field"]}"'] if "field" in error else []
            page.line(("  --> ", "dim"), body=", ".join(place))
            if "hint" in error:
                page.line("  hint: ", error["hint"])


def _change(
    page: _Page, change: Row, in_full: bool, margin: str = "", behind: str = "", rows: Sequence[Row] = ()
) -> None:
    """One difference stands on the line of the record, several below it; a removed record has nothing to show.

    `rows` are the levels of access that change with it: they are told instead of the entries they come from.
    """
    operation = change["op"]
    lead: tuple[Span, ...] = (margin, _SIGNS[operation], " ", change["record"], (behind, "dim"))
    if operation == "add":
        page.line(*lead)
        for path, _, new in _differences(change["fields"]) if in_full else ():
            page.line(margin, "    ", body=f"{path}: {new}")
        return
    lines = _told_differences(page, change, rows) if operation != "remove" else []
    lines += _level_lines(page, rows)
    if len(lines) == 1:
        page.line(*lead, "  ", body=lines[0])
        return
    page.line(*lead)
    for line in lines:
        page.line(margin, "    ", body=line)


def _told_differences(page: _Page, change: Row, rows: Sequence[Row]) -> list[str]:
    """What differs in the fields of a record, a line a leaf."""
    arrow = page.glyphs.arrow
    fields = dict(change["fields"])
    entries = list(_entry_lines(page, fields, rows)) if change["record"].startswith("role:") else []
    return [f"{path}: {old or '-'}{arrow}{new or '-'}" for path, old, new in _differences(fields)] + entries


# Access

_ENTRIES = {"permissions": "entity", "capabilities": "capability", "workflows": "workflow", "fields": "field"}
_ROLE_DEFAULTS = ("default", "capability_default", "workflow_default")


def _by_subject(access: Row) -> dict[str, list[Row]]:
    """The levels that change, by the role or user whose they are."""
    found: dict[str, list[Row]] = {}
    for row in (*access.get("wider", ()), *access.get("narrower", ())):
        found.setdefault(row.get("role") or row["user"], []).append(row)
    return found


def _entry_lines(page: _Page, fields: dict[str, Any], rows: Iterable[Row]) -> Iterator[str]:
    """What differs in a role besides its levels: defaults, and what it lists; takes it out of the fields."""
    told = {(row["kind"], row["name"]) for row in rows}
    arrow = page.glyphs.arrow
    for name in _ROLE_DEFAULTS:
        if name in fields:
            old, new = ("nothing" if value is None else text_of(value) for value in fields.pop(name))
            yield f"{name}: {old}{arrow}{new}"
    for table, kind in _ENTRIES.items():
        before, after = (side or {} for side in fields.pop(table, ({}, {})))
        for name in before | after:
            if (kind, name) not in told and before.get(name) != after.get(name):
                yield from _listing(arrow, _resource(kind, name), before.get(name), after.get(name))


def _listing(arrow: str, name: str, before: Any, after: Any) -> Iterator[str]:
    """An entry that comes, goes or changes without another level that counts."""
    if before is None or after is None:
        words = ["unlisted" if side is None else "listed" for side in (before, after)]
        yield f"{name}: {words[0]}{arrow}{words[1]}, at the same levels"
        return
    for action in before | after if isinstance(before, Mapping) else ():
        if before.get(action) != after.get(action):
            yield f"{name}.{action}: {before.get(action, 'none')}{arrow}{after.get(action, 'none')}"


def _resource(kind: str, name: str) -> str:
    return f"{kind}:{name}" if kind in ("capability", "workflow") else name


def _level_lines(page: _Page, rows: Sequence[Row]) -> list[str]:
    """A line a level that counts: what it was, what it is, where that comes from, and for how many users."""
    names = [
        _resource(row["kind"], row["name"]) + ("" if row["kind"] == "capability" else f".{row['permission']}")
        for row in rows[:_LEVELS_SHOWN]
    ]
    width = max(map(len, names), default=0)
    steps = [_step(row, page.glyphs.arrow) for row in rows[:_LEVELS_SHOWN]]
    longest = max(map(cells, steps), default=0)
    lines = [
        f"{_pad(name, width)}  {_pad(step, longest)}  {_concerned(row)}".rstrip()
        for name, step, row in zip(names, steps, rows, strict=False)
    ]
    more = len(rows) - len(lines)
    return [*lines, f"{page.glyphs.more} {more} more levels, which -o json tells"] if more else lines


_LEVELS_SHOWN = 20
_SUBJECTS_SHOWN = 10


def _step(row: Row, arrow: str) -> str:
    words = {"none": "off", "full": "on"} if row["kind"] == "capability" else {}
    before, after = (words.get(row[side], row[side]) for side in ("before", "after"))
    unlisted = row["origin"] == "nothing" or (row["origin"] == "default" and row["kind"] == "field")
    origin = " (unlisted)" if unlisted else " (default)" if row["origin"] == "default" else ""
    return f"{before}{arrow}{after}{origin}"


def _concerned(row: Row) -> str:
    """Whose own level changes: users, those who cannot sign in apart, and guests."""
    if "users" not in row:
        return ""
    if "user" in row:
        return "" if row["user"] != "guest" else "guests"
    users, unable = row["users"], row.get("cannot_sign_in", 0)
    told = [number_of(users, "user")] if users or not unable else []
    told += [f"{unable} who cannot sign in"] if unable else []
    told += ["guests"] if "visitors" in row else []
    return ", ".join(told)


def _effects(page: _Page, access: Row, rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """What else changes in access, a line each: levels of whom no change names, reach, and who can sign in."""
    for subject, levels in rows.items():
        yield from (f"{subject}  {line}" for line in _level_lines(page, levels))
    reach: dict[tuple[int, int], list[str]] = {}
    for row in access.get("reach", ()):
        reach.setdefault((row["gained"], row["lost"]), []).append(row["user"])
    for (gained, lost), users in reach.items():
        told = [f"{sign}{number_of(number, 'customer')}" for sign, number in (("+", gained), ("-", lost)) if number]
        names = [*users[:_NAMED], *([page.glyphs.more] if len(users) > _NAMED else [])]
        yield f"reach  {', '.join(told)}  {number_of(len(users), 'user')}: {', '.join(names)}"
    if access.get("more"):
        yield f"reach  {number_of(access['more'], 'more user')}"
    reasons: dict[str | None, list[str]] = {}
    for row in access.get("sign_in", ()):
        if row["user"] == "guest":
            yield f"guests may {'' if row['after'] is None else 'no longer '}visit the shop"
        else:
            reasons.setdefault(row["after"], []).append(row["user"])
    for reason, users in reasons.items():
        who = ", ".join(users) if len(users) <= _NAMED else number_of(len(users), "user")
        yield f"{who} can sign in now" if reason is None else f"{who} can no longer sign in ({reason})"
    for row in access.get("shown", ()):
        yield f"{row['record']} is {'' if row['after'] else 'no longer '}shown to administrators on the storefront"


_NAMED = 3


def _differences(fields: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, str]]:
    """What differs, leaf by leaf, as (path, old, new) in text."""
    for name, (before, after) in fields.items():
        old, new = dict(_leaves(name, before)), dict(_leaves(name, after))
        for path in old | new:
            if old.get(path) != new.get(path):
                yield path, text_of(old.get(path)), text_of(new.get(path))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values inside a value; objects in a list are told apart by their keys, where they have some."""
    if _is_nested(value) and not isinstance(value, Mapping) and all("key" in item for item in value):
        value = {item["key"]: {name: part for name, part in item.items() if name != "key"} for item in value}
    if isinstance(value, Mapping):
        if not value and "." in path:  # an entry of a role that lists a thing and gives nothing
            yield path, "none"
        for name, part in value.items():
            yield from _leaves(f"{path}.{name}", part)
    elif value is not None and value != "":
        yield path, value


def _summary(changes: Iterable[Row], words: Mapping[str, str]) -> str:
    """`3 added, 1 changed, 0 removed`; renames are counted only where there are some."""
    counts = dict.fromkeys(words, 0)
    for change in changes:
        counts[change["op"]] += 1
    return ", ".join(f"{counts[name]} {word}" for name, word in words.items() if counts[name] or name != "rename")


def _diff(page: _Page, result: Result) -> None:
    """Unified differences, one line a line and never folded: what goes, what comes, and where."""
    for line in result.lines:
        style = "bold" if line.startswith(("--- ", "+++ ")) else _DIFF_STYLES.get(line[:1], "")
        page.out.write(f"{page.painted((line, style))}\n")
    for answer in _answers(result):
        access = answer.get("access", {})
        for text in _effects(page, access, _by_subject(access)):
            page.line(("# ", "dim"), text)


_DIFF_STYLES: Mapping[str, Style] = {"+": "good", "-": "bad", "@": "more"}


def _text(page: _Page, result: Result) -> None:
    """The text as it is, but for what a terminal would obey; a document is UTF-8 wherever it goes."""
    for number, row in enumerate(_answers(result)):
        text = row["text"] if row["text"].endswith("\n") else f"{row['text']}\n"
        if page.terminal:
            text = _BREAKS.sub(lambda part: visible(part[0]), text)
        if isinstance(page.out, io.TextIOWrapper) and not can_hold(page.out, text):
            page.out.flush()
            page.out.buffer.write(text.encode())
        else:
            page.out.write(text)
        if number == 0:
            page.out.flush()  # what is written while it is read is there at once


_BREAKS = re.compile(r"[^\n\t]+")
"""The parts of a text between what lays it out."""


def _topic(page: _Page, result: Result) -> None:
    """Sections of prose, examples and facts; prose is folded in a pipe too, an example nowhere."""
    prose = page._replace(width=min(page.width or _PROSE, _PROSE))
    for topic in _answers(result):
        prose.line(body=topic["about"])
        for section in topic["sections"]:
            page.line()
            page.line((section["title"], "bold"))
            for number, paragraph in enumerate(section["text"]):
                if number:
                    page.line()
                prose.line("  ", body=paragraph)
            if section["example"]:
                page.line()
            for line in section["example"]:
                page.line("    ", line)
            _facts(page, section["rows"])


def _facts(page: _Page, rows: Sequence[Row]) -> None:
    """A line a row: what names it, then what is to be said of it; a value that does not explain itself has its name."""
    names = [str(next(iter(row.values()))) for row in rows]
    width = min(max((cells(visible(name)) for name in names), default=0), _NAME_OF_A_FACT)
    for name, row in zip(names, rows, strict=True):
        said = [
            text_of(value) if field in ("type", "about") else f"{field} {text_of(value)}"
            for field, value in list(row.items())[1:]
            if value is not None
        ]
        page.line("  ", (_pad(visible(name), width), "bold"), "  ", body="; ".join(said), hang=" " * (width + 4))


def _problem(page: _Page, problem: Problem) -> None:
    """What is wrong, where, and what to do next; the candidates, unless the hint names them already."""
    page.line(("error:", "bad"), f" {problem.message}")
    place = [str(problem.place)] if problem.place is not None else []
    place += [f'field "{problem.field}"'] if problem.field is not None else []
    if place:
        page.line(("  --> ", "dim"), ", ".join(place))
    if problem.hint:
        page.line("  hint: ", problem.hint)
    unnamed = [candidate for candidate in problem.candidates if candidate not in (problem.hint or "")]
    if unnamed:
        page.line("  candidates: ", ", ".join(problem.candidates))


_VIEWS: Mapping[View, Callable[[_Page, Result], None]] = {
    "record": _record,
    "overview": _overview,
    "list": _list,
    "board": _board,
    "history": _history,
    "tree": _tree,
    "decision": _decision,
    "explain": _explain,
    "matrix": _matrix,
    "changes": _changes,
    "import": _import,
    "diff": _diff,
    "log": _log,
    "tests": _tests,
    "text": _text,
    "topic": _topic,
}
