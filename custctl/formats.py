"""How an answer becomes text: safe words for people, and the formats that programs read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from custctl.result import Result, Row, View

Writer = Callable[[Result, TextIO], None]
_Encode = Callable[[Any], str]

_FORMULA_STARTS = frozenset("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
_ALL_OF_UNICODE = "\U0010fffd"
_DEEPEST_MARGIN = 40
_CLOSED = object()
_MATRIX_SECTIONS = (
    ("entity", "entities"),
    ("capability", "capabilities"),
    ("workflow", "workflows"),
    ("field", "fields"),
)


def visible(text: str) -> str:
    r"""The text, safe for a terminal: what it would obey or hide is shown as `\x1b`, `\n`, `\u202e`.

    `isprintable` decides in C for nearly every text. It knows controls, format characters, surrogates, private
    and unassigned characters and separators, but takes a no-break space for one; the table lets that pass.
    """
    if text.isprintable():
        return text
    from custctl.escapes import IN_TEXT

    return text.translate(IN_TEXT)


def text_of(value: Any) -> str:
    """A value as a person reads it; nothing at all is the empty text."""
    if isinstance(value, str):
        return visible(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        named = ((visible(str(name)), text_of(part)) for name, part in value.items())
        return ", ".join(f"{name}={part}" for name, part in named if part)
    if isinstance(value, Iterable):
        parts = list(value)
        return ("; " if any(isinstance(part, Mapping) for part in parts) else ", ").join(map(text_of, parts))
    return visible(str(value))


def can_hold(out: TextIO, text: str) -> bool:
    """Whether the stream's encoding has every character of the text."""
    try:
        text.encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def rows_of(result: Result) -> Iterable[Row]:
    """The rows of an answer, for the formats that are rows: one object is one row, a matrix a row a cell."""
    if not isinstance(result.data, Mapping):
        return result.data
    return _matrix_cells(result.data) if result.view == "matrix" else (result.data,)


def write_json(data: Row | Iterable[Row], out: TextIO) -> None:
    """An object or array, indented by two; an array is written as it is read."""
    out.writelines(_pieces(data, _encoder(out), _indented))
    out.write("\n")


def write_jsonl(rows: Iterable[Row], out: TextIO) -> None:
    """One compact object a line."""
    encode = _encoder(out)
    for row in rows:
        out.writelines(_compact(row, encode))
        out.write("\n")


def write_yaml(data: Row | Iterable[Row], out: TextIO) -> None:
    """A mapping or sequence, the same value as that of JSON; a sequence is written as it is read."""
    from custctl.yaml_writing import pieces, quoted, quoted_in_ascii

    out.writelines(pieces(data, quoted if can_hold(out, _ALL_OF_UNICODE) else quoted_in_ascii))


def write_names(rows: Iterable[Row], noun: str | None, out: TextIO) -> None:
    """One reference a line, for xargs."""
    out.writelines(visible(_name(row, noun)) + "\n" for row in rows)


def write_csv(result: Result, out: TextIO) -> None:
    """A header and a row a row, RFC 4180 with line feeds; a cell that a spreadsheet would take for a formula is quoted.

    The guard is an apostrophe in front, as spreadsheets have it; a signed number is left alone.
    """
    import csv
    from itertools import chain, islice

    rows = iter(_csv_rows(result))
    first = list(islice(rows, 1))  # what is wrong with all of the answer is told before anything of it is written
    columns = _columns(result)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_csv_cell(column) for column in columns])
    writer.writerows(_csv_row(row, columns) for row in chain(first, rows))


def _columns(result: Result) -> tuple[str, ...]:
    """The columns of an answer, which its shape tells and never a row of it: an empty one has them too."""
    if result.view in _CSV_COLUMNS:
        return _CSV_COLUMNS[result.view]
    if isinstance(result.data, Mapping):
        return tuple(result.data)
    assert result.columns, f"an answer of rows shown as {result.view} says its columns"
    return result.columns


_CSV_COLUMNS: Mapping[View, tuple[str, ...]] = {
    "matrix": ("subject", "kind", "name", "permission", "level", "roles"),
    "text": ("text",),
    "tree": ("key", "name"),
}


def _csv_rows(result: Result) -> Iterable[Row]:
    """The rows for a file of columns: of an error within an answer the message, beside its line."""
    if result.view == "tree":
        return _nodes(rows_of(result))
    if result.view == "decision" and not isinstance(result.data, Mapping):
        return map(_told_error, result.data)
    return rows_of(result)


def _told_error(row: Row) -> Row:
    error = row.get("error")
    return {**row, "line": error["line"], "error": error["message"]} if isinstance(error, Mapping) else row


def _csv_row(row: Row, columns: Sequence[str]) -> list[str]:
    """The cells of a row; nearly all are texts with nothing to be done to them, which is seen without a call."""
    return [
        value
        if type(value := row.get(column)) is str and value.isprintable() and value[:1] not in _FORMULA_STARTS
        else _csv_cell(value)
        for column in columns
    ]


def _csv_cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        text = ", ".join(value)
    elif isinstance(value, list | tuple | Mapping):
        text = _plain_json(value)
    else:
        text = str(value)
    return guarded(visible(text))


def guarded(cell: str) -> str:
    """The cell, with an apostrophe in front where a spreadsheet would take it for a formula."""
    is_formula = cell[:1] in _FORMULA_STARTS and not cell[1:].replace(".", "", 1).isdecimal()
    return f"'{cell}" if cell and is_formula else cell


def _plain_json(value: Any) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False, separators=(",", ":"), default=_builtin)


WRITERS: Mapping[str, Writer] = {
    "csv": write_csv,
    "json": lambda result, out: write_json(result.data, out),
    "jsonl": lambda result, out: write_jsonl(rows_of(result), out),
    "name": lambda result, out: write_names(_named_rows(result), result.noun, out),
    "yaml": lambda result, out: write_yaml(result.data, out),
}
"""The output formats that are not made for reading by people; a new one is one function and one line here."""


def _encoder(out: TextIO) -> _Encode:
    r"""Compact JSON of one value.

    What a terminal would obey is written as `\u009b`, which every reader of JSON turns back: the text stays
    exact, a lone surrogate does no harm, and looking at the output neither.
    """
    from json import JSONEncoder

    plain = JSONEncoder(ensure_ascii=not can_hold(out, _ALL_OF_UNICODE), separators=(",", ":"), default=_builtin)

    def encode(value: Any) -> str:
        text = plain.encode(value)
        if text.isprintable():
            return text
        from custctl.escapes import IN_JSON

        return text.translate(IN_JSON)

    return encode


def _builtin(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


def _compact(value: Any, encode: _Encode) -> Iterable[str]:
    try:
        if not _is_read_once(value):
            return (encode(value),)
    except RecursionError:  # a tree of a thousand levels
        pass
    return _pieces(value, encode, lambda _depth: "")


def _is_read_once(row: Any) -> bool:
    """Whether part of a row comes from the database while it is written: an encoder that failed would have eaten it."""
    return isinstance(row, Mapping) and any(hasattr(part, "__next__") for part in row.values())


def _pieces(value: Any, encode: _Encode, margin: Callable[[int], str]) -> Iterator[str]:
    """JSON piece by piece: without recursion, because trees are deep, and without reading ahead."""
    opened: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while opened:
        for lead, member in opened[-1]:
            yield lead
            if _is_container(member):
                opened.append(_members(member, encode, margin(len(opened)), margin(len(opened) - 1)))
                break
            if member is not _CLOSED:
                yield encode(member)
        else:
            opened.pop()


def _members(value: Any, encode: _Encode, inner: str, outer: str) -> Iterator[tuple[str, Any]]:
    """The members of an object or array, each with the text before it; last comes the closing bracket."""
    lead = opening = "{" if isinstance(value, Mapping) else "["
    colon = ": " if inner else ":"
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield f"{lead}{inner}{encode(str(name))}{colon}", member
            lead = ","
    else:
        for member in value:
            yield lead + inner, member
            lead = ","
    closing = "}" if opening == "{" else "]"
    yield (opening + closing if lead == opening else outer + closing), _CLOSED


def _is_container(value: Any) -> bool:
    return not isinstance(value, str) and isinstance(value, Iterable)


def _indented(depth: int) -> str:
    # A margin that grew with every level would make a deep tree quadratic.
    return "\n" + "  " * min(depth, _DEEPEST_MARGIN)


def _named_rows(result: Result) -> Iterable[Row]:
    """The rows whose names are the answer; of a matrix, each thing once that the subject has something of."""
    if result.view == "tree":
        return _nodes(rows_of(result))
    if result.view == "matrix":
        return [{"name": name} for name in dict.fromkeys(_held(cell) for cell in rows_of(result)) if name]
    if isinstance(result.data, Mapping) and "changes" in result.data:
        changes: Iterable[Row] = result.data["changes"]
        return changes
    return rows_of(result)


def _nodes(roots: Iterable[Row]) -> Iterator[Row]:
    """Every node of a forest, parents before their children."""
    levels = [iter(roots)]
    while levels:
        for node in levels[-1]:
            yield node
            levels.append(iter(node.get("children") or ()))
            break
        else:
            levels.pop()


def _name(row: Row, noun: str | None) -> str:
    """What names the row: its key or number, else the field with a reference; a decision is yes, no or an error.

    Rows of several nouns have both, and their noun is in the reference.
    """
    key = row.get("key", row.get("number"))
    if key is not None and (noun or "record" not in row):
        return f"{noun}:{key}" if noun else str(key)
    if "allowed" in row:
        return "yes" if row["allowed"] else "no"
    if "error" in row:
        return "error"
    for field in ("record", "subject", "owner", "name"):
        if isinstance(row.get(field), str):
            return str(row[field])
    return text_of(next(iter(row.values()), None)).rstrip() or "-"


def _held(cell: Row) -> str | None:
    """How a resource is asked about, when the cell gives something of it."""
    if cell["level"] == "none":
        return None
    return f"{cell['kind']}:{cell['name']}" if cell["kind"] in ("capability", "workflow") else str(cell["name"])


def _matrix_cells(matrix: Row) -> Iterator[Row]:
    for kind, section in _MATRIX_SECTIONS:
        for row in matrix.get(section, ()):
            for permission, cell in _permissions(row):
                subject = {"subject": matrix["subject"], "kind": kind, "name": row.get(kind) or row["name"]}
                yield subject | {"permission": permission, "level": cell["level"], "roles": cell["roles"]}


def _permissions(row: Row) -> Iterable[tuple[str, Row]]:
    """The cells of a row of a matrix; a capability is a single one, on or off."""
    if "permissions" in row:
        permissions: Mapping[str, Row] = row["permissions"]
        return permissions.items()
    return [("use", {"level": "full" if row["allowed"] else "none", "roles": row["roles"]})]
