"""Damage lines, cells and columns of a CSV file."""

import random
import re
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]


def on_lines(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Mutation:
    """Turn a change of a file's lines into a change of its bytes."""
    return lambda data, rng: b"\n".join(change(data.split(b"\n"), rng))


def swap_lines(lines: list[bytes], rng: random.Random) -> list[bytes]:
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def double_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return [*lines[:at], lines[at], *lines[at:]]


def drop_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def blank_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return [*lines[:at], rng.choice([b"", b"   ", b"\t"]), *lines[at:]]


def _separator(line: bytes) -> bytes:
    return max((b",", b";"), key=line.count)


WORDS = [
    b"",
    b"nan",
    b"inf",
    b"-inf",
    b"9.9",
    b"-3",
    b"1e308",
    b"1e999",
    b"x",
    b"1_0",
    b'"',
    b"0,5",
    b'"1"',
    b"  2 ",
    b"\xc3\xa9",
    b"0x1p3",
    b"True",
    b"1e",
    b"--1",
]


def change_cell(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    between = _separator(lines[0])
    cells = lines[at].split(between)
    cells[rng.randrange(len(cells))] = rng.choice(WORDS)
    lines[at] = between.join(cells)
    return lines


def change_count_of_cells(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    between = _separator(lines[0])
    cells = lines[at].split(between)
    lines[at] = between.join(cells[:-1] if rng.random() < 0.5 else [*cells, b"1"])
    return lines


def change_column(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """Drop, double, move or rename a column in every line."""
    between = _separator(lines[0])
    rows = [line.split(between) for line in lines]
    a, b = (rng.randrange(len(rows[0])) for _ in "ab")
    kind = rng.choice(["drop", "double", "move", "rename"])
    for i, row in enumerate(rows):
        if len(row) <= max(a, b):
            continue
        if kind == "drop":
            del row[a]
        elif kind == "double":
            row.insert(b, row[a])
        elif kind == "move":
            row[a], row[b] = row[b], row[a]
        elif i == 0:
            row[a] = rng.choice([b"AU99_r", b"", b"frame", b"AU03_r", b"AU06", b"clip"])
    return [between.join(row) for row in rows]


def in_names(change: Callable[[bytes], bytes]) -> Mutation:
    """Turn a change of a column name into one of a file's bytes."""

    def mutate(data: bytes, _rng: random.Random) -> bytes:
        first, *rest = data.split(b"\n")
        between = _separator(first)
        names = between.join(change(name) for name in first.split(between))
        return b"\n".join([names, *rest])

    return mutate


def in_column(word: bytes, change: Callable[[int, bytes], bytes]) -> Mutation:
    """Turn a change of each cell of the columns named so into one of a file's bytes."""

    def mutate(lines: list[bytes], _rng: random.Random) -> list[bytes]:
        between = _separator(lines[0])
        places = [i for i, name in enumerate(lines[0].split(between)) if name.strip() == word]
        for number, line in enumerate(lines[1:], start=1):
            cells = line.split(between)
            for place in places:
                if place < len(cells):
                    cells[place] = change(number, cells[place])
            lines[number] = between.join(cells)
        return lines

    return on_lines(mutate)


def second_face(lines: list[bytes], _rng: random.Random) -> list[bytes]:
    """Write each row twice, the second time with other values."""
    return [lines[0], *(row for line in lines[1:] for row in (line, line.replace(b"0.", b"1.")))]


def quote_commas(data: bytes, _rng: random.Random) -> bytes:
    return re.sub(rb"(?<![\w.])(\d+)\.(\d+)(?![\w.])", rb'"\1,\2"', data)
