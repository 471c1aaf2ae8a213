"""Sheets: what was written is read back with its lines, and what is wrong is told with its file, line and column."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
import time
import tracemalloc
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custctl.errors import CustctlError, Exit, Place, Problem
from custctl.store.sheets import Sheet, text
from custctl.store.sheets.reading import open_sheet

Rows = list[tuple[int, Any]]


def read(path: Path | str, **options: Any) -> tuple[Sheet, Rows]:
    """The rows of a sheet, in which none is wrong; else what is wrong with the first."""
    with open_sheet(str(path), **options) as sheet:
        rows = []
        for row in sheet.rows:
            if row.wrong is not None:
                raise CustctlError(row.wrong)
            rows.append((row.line, row.cells))
        return sheet, rows


def read_bytes(data: str | bytes, **options: Any) -> tuple[Sheet, Rows]:
    return read("-", stdin=io.BytesIO(data.encode() if isinstance(data, str) else data), **options)


def problem_in(data: str | bytes, **options: Any) -> Problem:
    with pytest.raises(CustctlError) as caught:
        read_bytes(data, **options)
    assert caught.value.problem.exit is Exit.INVALID
    return caught.value.problem


def problem_at(path: Path | str, **options: Any) -> Problem:
    with pytest.raises(CustctlError) as caught:
        read(path, **options)
    assert caught.value.problem.exit is Exit.INVALID
    return caught.value.problem


def at(line: int | None = None, column: int | None = None) -> Place:
    return Place("<stdin>", line, column)


# -- CSV -----------------------------------------------------------------------------------------------------------


def test_rows_have_the_line_they_begin_on_after_fields_of_several_lines() -> None:
    sheet, rows = read_bytes('name,note\nA,"one\ntwo"\n\nB,"x ""y"""\n,\nC,\n')

    assert sheet.headings == ("name", "note")
    assert rows == [(2, ["A", "one\ntwo"]), (5, ["B", 'x "y"']), (7, ["C", ""])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_ending_of_lines_counts_as_one(end: str) -> None:
    _, rows = read_bytes(end.join(["name,note", "A,1", 'B,"2', '3"', "C,4"]))

    assert rows == [(2, ["A", "1"]), (3, ["B", f"2{end}3"]), (5, ["C", "4"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_right_wherever_the_pieces_are_cut(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHUNK", 3)
    _, rows = read_bytes(end.join(["näme,note", "A,1", f'B,"2{end}{end}3"', "C,4", ""]))

    assert rows == [(2, ["A", "1"]), (3, ["B", f"2{end}{end}3"]), (6, ["C", "4"])]


def test_a_character_that_ends_lines_elsewhere_is_part_of_its_cell() -> None:
    _, rows = read_bytes("name\nA\u2028B\x85\x0b\nC\n")

    assert rows == [(2, ["A\u2028B\x85\x0b"]), (3, ["C"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_i_09_the_delimiter_is_told_by_the_headings_alone(delimiter: str) -> None:
    sheet, rows = read_bytes(
        f'name{delimiter}"a,;|\tb"{delimiter}c\nA,;,;,;{delimiter}1{delimiter}2\n'.replace(
            f",;,;,;{delimiter}", f".{delimiter}"
        )
    )

    assert sheet.delimiter == delimiter
    assert rows == [(2, ["A.", "1", "2"])]


def test_i_09_a_delimiter_can_be_named() -> None:
    assert read_bytes("a,b;c\n1;2\n", delimiter=";")[1] == [(2, ["1", "2"])]
    assert read_bytes("a,b\tc\n1\t2\n", delimiter="tab")[1] == [(2, ["1", "2"])]
    assert problem_in("a\n", delimiter="::").code == "delimiter"
    assert problem_in("a\n", delimiter='"').code == "delimiter"


def test_a_tsv_file_has_tabs_whatever_its_headings_look_like(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("a,b,c\td\n1\t2\n")

    assert read(path)[0].headings == ("a,b,c", "d")


def test_a_row_with_too_few_or_too_many_cells_is_told_with_both_counts() -> None:
    few = problem_in("a,b\n1,2\n3\n")
    many = problem_in('a,b\n"1\n",2\n3,4,5\n')

    assert (few.message, few.place) == ("the row has 1 cell for 2 headings", at(3))
    assert (many.message, many.place) == ("the row has 3 cells for 2 headings", at(4))


def test_rows_beside_ragged_ones_are_read() -> None:
    with open_sheet("-", stdin=io.BytesIO(b"a,b\n1\n2,3\n4,5,6\n")) as sheet:
        rows = [(row.line, row.cells, row.wrong and row.wrong.message) for row in sheet.rows]

    assert rows == [
        (2, ["1"], "the row has 1 cell for 2 headings"),
        (3, ["2", "3"], None),
        (4, ["4", "5", "6"], "the row has 3 cells for 2 headings"),
    ]


def test_empty_cells_behind_the_last_heading_are_none() -> None:
    sheet, rows = read_bytes("a,b,,\n1,2,,\n3,4,\n5,6,,,,\n")

    assert sheet.headings == ("a", "b")
    assert rows == [(2, ["1", "2"]), (3, ["3", "4"]), (4, ["5", "6"])]


def test_a_quote_that_is_never_closed_is_told_where_it_begins() -> None:
    problem = problem_in('a,b\n1,2\n"x\ny",3\n4,"5\n6,7\n')

    assert problem.message == "a quote is opened here and never closed"
    assert problem.place == at(5, 3)


def test_a_quote_that_is_never_closed_in_a_large_file_is_told_soon_and_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('a,b\n1,"2\n' + "3,4\n" * 2_000_000)
    tracemalloc.start()
    problem = problem_at(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert problem.place == Place(str(path), 2, 3)
    assert problem.message == "a cell has more than 131,072 characters"
    assert problem.hint == "is its quote meant, and closed?"
    assert peak < 8 * 1024 * 1024


def test_text_behind_a_closing_quote_is_told() -> None:
    problem = problem_in('a,b\n1,2\n"3\n","4"5\n')

    assert (problem.message, problem.place) == ("text follows the closing quote of a cell", at(4, 3))


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_that_is_too_long_is_told(quote: str) -> None:
    problem = problem_in(f"a,b\n1,2\n3,{quote}{'x' * 200_000}{quote}\n")

    assert (problem.code, problem.place) == ("limit", at(3, 3))


def test_a_line_that_is_too_long_is_told_without_reading_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,2\n")
        file.write(b"x" * 40 * 1024 * 1024)
    problem = problem_at(path)

    assert (problem.code, problem.place) == ("limit", Place(str(path), 3, 1))


def test_a_record_of_endless_lines_is_told() -> None:
    problem = problem_in(b"a,b\n" + b'"x\n",' * 1_000_000)

    assert (problem.code, problem.place) == ("limit", at(2, 1))


def test_a_large_file_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / "rows.csv"
        path.write_text("a,b,c\n" + "1,2,3\n" * rows)
        tracemalloc.start()
        with open_sheet(str(path)) as sheet:
            assert sum(1 for _ in sheet.rows) == rows
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(150_000) < 1.2 * peak(30_000)


def test_a_sheet_of_only_headings_has_no_rows() -> None:
    sheet, rows = read_bytes("\n\nname,note")

    assert (sheet.headings, rows) == (("name", "note"), [])


@pytest.mark.parametrize("data", ["", "\n\n", ",,,\n", "\ufeff"])
def test_an_empty_sheet_is_told(data: str) -> None:
    assert problem_in(data).message == "the file is empty"


def test_headings_are_there_once_and_none_is_blank() -> None:
    twice = problem_in("Name,note,  NAME \n")
    blank = problem_in("Name,,note\n")

    assert (twice.message, twice.place) == ("the heading 'NAME' is there twice, in columns 1 and 3", at(1, 11))
    assert (blank.message, blank.place) == ("column 2 has no heading", at(1, 6))


# -- encodings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_i_09_a_mark_tells_the_encoding(encoding: str) -> None:
    _, rows = read_bytes("name\nMüller 😀\n".encode(encoding))

    assert rows == [(2, ["Müller 😀"])]


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "utf-16-le", "utf-16-be", "UTF-16", "cp437"])
def test_i_09_the_encoding_can_be_named(encoding: str) -> None:
    _, rows = read_bytes("name\nMüller\n".encode(encoding), encoding=encoding)

    assert rows == [(2, ["Müller"])]


@pytest.mark.parametrize("chunk", [1, 7, 32768])
def test_i_09_bytes_of_another_encoding_are_told_with_line_and_column(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "CHUNK", chunk)
    problem = problem_in("name,note\r\nä,1\r\n".encode() + "Sven,Müller\n".encode("latin-1"))

    assert (problem.message, problem.place) == ("byte 0xfc is not UTF-8", at(3, 7))
    assert problem.hint == "say how it is written, like --encoding windows-1252"


def test_i_09_a_file_that_ends_within_a_character_is_told() -> None:
    assert problem_in("name\nM\u00fc".encode()[:-1]).place == at(2, 2)


def test_i_09_an_encoding_is_not_taken_against_the_mark_of_another() -> None:
    problem = problem_in("name\nA\n".encode("utf-8-sig"), encoding="latin-1")

    assert problem.message == "the file begins with the mark of UTF-8, it is not latin-1"


@pytest.mark.parametrize("name", ["utf-9", "rot13", "undefined", "idna", "", "base64", "a\0b"])
def test_i_09_an_unknown_encoding_is_told(name: str) -> None:
    assert problem_in("name\n", encoding=name).code == "encoding"


def test_i_09_an_encoding_that_is_nearly_known_is_offered() -> None:
    assert "windows-1252" in problem_in("name\n", encoding="window-1252").candidates


def test_a_nul_is_told_with_line_and_column() -> None:
    problem = problem_in(b"name\nA\nB\0\n")

    assert (problem.message, problem.place) == ("a NUL character does not belong in a sheet", at(3, 2))


# -- JSON ----------------------------------------------------------------------------------------------------------


def test_json_lines_are_rows_with_their_line() -> None:
    sheet, rows = read_bytes('\n{"name": "A", "n": 1.50}\r\n\n  {"name": "B"}')

    assert (sheet.format, sheet.headings) == ("jsonl", ())
    assert rows == [(2, {"name": "A", "n": Decimal("1.50")}), (4, {"name": "B"})]


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        ('{"a": 1}\n {"a": 1,}\n', "not valid JSON: expecting a key in double quotes", at(2, 10)),
        ('{"a": 1}\n["a"]\n', "a row is a JSON object", at(2, 1)),
        ('{"a": 1, "a": 2}\n', "'a' is given twice", at(1, 1)),
        ('{"a": NaN}\n', "NaN is not a number that can be kept exactly", at(1, 1)),
        ('{"a": "\\ud800"}\n', "the text has half a surrogate pair, which is not a character", at(1, 1)),
        ('{"a": 1}{"a": 2}\n', "not valid JSON: nothing may follow the value", at(1, 9)),
        ('{"a": ' + "[" * 100_000, "values are nested too deep", at(1, 1)),
    ],
)
def test_a_broken_line_of_json_is_told(data: str, message: str, place: Place) -> None:
    problem = problem_in(data, format="jsonl")

    assert (problem.message, problem.place) == (message, place)


def test_lines_of_json_beside_broken_ones_are_read() -> None:
    with open_sheet("-", stdin=io.BytesIO(b'{"a": 1}\n{"a": \n[2]\n{"a": 3}\n')) as sheet:
        rows = [(row.line, row.cells, row.wrong and row.wrong.place and row.wrong.place.line) for row in sheet.rows]

    assert rows == [(1, {"a": 1}, None), (2, {"": '{"a":'}, 2), (3, {"": [2]}, 3), (4, {"a": 3}, None)]


@pytest.mark.parametrize("chunk", [1, 5, 32768])
def test_an_array_is_read_object_by_object(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHUNK", chunk)
    rows = [{"name": 'A\\"]}', "n": 12345}, {"name": "Ü", "addresses": [{"street": "x"}]}, {}]
    sheet, found = read_bytes(json.dumps(rows, indent=1, ensure_ascii=False))

    assert (sheet.format, sheet.table) == ("json", "")
    assert found == [(2, rows[0]), (6, rows[1]), (14, rows[2])]


def test_a_document_of_one_table_is_a_sheet() -> None:
    data = '{"apiVersion": "custctl/v1",\n "customers": [{"name": "A"},\n {"name": "B"}], "manager": "x"}\n'
    sheet, rows = read_bytes(data)

    assert (sheet.format, sheet.table) == ("json", "customers")
    assert rows == [(2, {"name": "A"}), (3, {"name": "B"})]


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        ("", "a sheet of JSON is an array of objects", at(1, 1)),
        ('[{"a": 1},]', "not valid JSON: expecting a value", at(1, 11)),
        ('[{"a": 1}\n 2]', "not valid JSON: expecting ','", at(2, 2)),
        ('[{"a": 1},\n 2]', "a row is a JSON object", at(2, 2)),
        ('[{"a": 1}', "not valid JSON: expecting ','", at(1, 10)),
        ("[{}] x", "not valid JSON: nothing may follow the value", at(1, 6)),
        ('{"name": "A"}', "'name' does not belong in a sheet of one table", at(1, 10)),
        ('{"names": []}', "'names' is not a table of records", at(1, 12)),
        ('{"customers": [], "users": []}', "'users' does not belong in a sheet of one table", at(1, 28)),
        ('{"apiVersion": "v9", "customers": []}', "apiVersion 'v9' is not known", at(1, 16)),
        ('{"apiVersion": "custctl/v1"}', "the document has no table of records", at(1, 28)),
    ],
)
def test_broken_json_is_told(data: str, message: str, place: Place) -> None:
    problem = problem_in(data, format="json")

    assert (problem.message, problem.place) == (message, place)


def test_an_array_that_never_ends_takes_bounded_memory() -> None:
    assert problem_in('[{"a": "' + "x" * 40 * 1024 * 1024, format="json").code == "limit"


def test_json_has_no_delimiter() -> None:
    with pytest.raises(CustctlError) as caught:
        read_bytes("[]", delimiter=";")
    assert caught.value.problem.exit is Exit.USAGE


# -- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        ("name\n", "csv"),
        (" [", "json"),
        ('{"name": "A"}', "jsonl"),
        ('{"name": "A"}\n{', "jsonl"),
        ('{\n "customers": [', "json"),
        ('{"customers": [{"name": "A"}]}', "json"),
        ('{"addresses": [{"street": "A"}]}', "jsonl"),
    ],
)
def test_what_is_written_tells_the_format_of_standard_input(data: str, format_: str) -> None:
    with suppress(CustctlError), open_sheet("-", stdin=io.BytesIO(data.encode())) as sheet:
        assert sheet.format == format_
        return
    assert format_ == "json"  # which is read as far as its first row


@pytest.mark.parametrize("name", ["rows.txt", "rows.yaml", "rows"])
def test_a_file_whose_ending_tells_nothing_needs_a_format(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("name\nA\n")

    assert problem_at(path).code == "format"
    assert read(path, format="csv")[1] == [(2, ["A"])]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    assert problem_at(tmp_path).message == "cannot be read: it is a directory, not a file"
    assert problem_at(tmp_path / "none.csv").message == "cannot be read: No such file or directory"
    assert problem_at("/dev/zero").message == "cannot be read: it is a device, not a file"
    assert problem_at("").message == "the name of a sheet is empty"
    assert problem_at("a\0b.csv").code == "unreadable"


def test_a_pipe_is_read_when_it_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        time.sleep(0.2)
        with path.open("w") as file:
            time.sleep(0.2)
            file.write("name\n")
            file.flush()
            time.sleep(0.2)
            file.write("A\n")

    writer = threading.Thread(target=write)
    writer.start()
    _, rows = read(path)
    writer.join()

    assert rows == [(2, ["A"])]


def test_a_pipe_that_nobody_opens_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    monkeypatch.setattr(text, "PATIENCE", 0.2)

    assert "nobody has opened the pipe" in problem_at(path).message


# -- for any file --------------------------------------------------------------------------------------------------

_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_RECORDS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(_CELLS, min_size=width, max_size=width).filter(any), max_size=8)
)


@given(
    _RECORDS,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([1, 3, 64, 32768]),
)
@example([["\r"]], ",", "\r", csv.QUOTE_MINIMAL, "utf-8", 1)
def test_what_the_csv_module_writes_is_read_back_with_its_lines(
    records: list[list[str]], delimiter: str, end: str, quoting: Any, encoding: str, chunk: int
) -> None:
    if quoting == csv.QUOTE_MINIMAL and end != "\r\n":  # then the module does not quote the other one
        records = [["".join(cell.split("\r" if end == "\n" else "\n")) or "x" for cell in record] for record in records]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    width = len(records[0]) if records else 1
    writer.writerow([f"h{at}" for at in range(width)])
    expected: Rows = []
    for record in records:
        written = out.getvalue()
        expected.append((written.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1, record))
        writer.writerow(record)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "CHUNK", chunk)
        _, rows = read_bytes(out.getvalue().encode(encoding), delimiter=delimiter, format="csv")

    assert rows == expected


@given(
    st.binary(max_size=200) | st.text('",;\r\n\t|{}[]:abc1\\u\0\ufeffü', max_size=80).map(str.encode),
    st.sampled_from(["csv", "tsv", "jsonl", "json", None]),
    st.sampled_from([None, "utf-8", "utf-16", "utf-7", "latin-1", "shift_jis", "iso2022_jp", "hz"]),
    st.sampled_from([1, 5, 32768]),
)
def test_any_bytes_are_rows_or_a_clean_error(data: bytes, format_: Any, encoding: str | None, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "CHUNK", chunk)
        found = sheet_or_problem(data, format=format_, encoding=encoding)

    if isinstance(found, Problem):
        assert (found.exit, found.place is None) == (Exit.INVALID, False)
    else:
        sheet, rows = found
        assert all(len(cells) == len(sheet.headings) for _, cells in rows if isinstance(cells, list))


def sheet_or_problem(data: bytes, **options: Any) -> tuple[Sheet, Rows] | Problem:
    try:
        return read_bytes(data, **options)
    except CustctlError as error:
        return error.problem
