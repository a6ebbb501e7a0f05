"""Damage the bytes of a recording; list all mutations by name."""

import gzip
import random

from benchmarks.soak.fuzz.of_lines import (
    Mutation,
    blank_line,
    change_cell,
    change_column,
    change_count_of_cells,
    double_line,
    drop_line,
    in_column,
    in_names,
    on_lines,
    quote_commas,
    second_face,
    swap_lines,
)


def flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    what = rng.choice(
        [b"\0", b"\n", b"\r", b'"', b",", b";", b"\t", b"\xff", "\u2028é".encode(), b" "]
    )
    return data[:at] + what * rng.randint(1, 3) + data[at:]


def cut(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data)) for _ in "ab")
    return data[:start] + data[stop:]


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def repeat(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data)) for _ in "ab")
    return data[:stop] + data[start:]


MUTATIONS: dict[str, Mutation] = {
    "flip": flip,
    "insert": insert,
    "cut": cut,
    "truncate": truncate,
    "repeat": repeat,
    "swap lines": on_lines(swap_lines),
    "double line": on_lines(double_line),
    "drop line": on_lines(drop_line),
    "blank line": on_lines(blank_line),
    "cell": on_lines(change_cell),
    "number of cells": on_lines(change_count_of_cells),
    "column": on_lines(change_column),
    "Windows": lambda data, _: data.replace(b"\n", b"\r\n"),
    "old Mac": lambda data, _: data.replace(b"\n", b"\r"),
    "UTF-16": lambda data, _: data.decode("utf-8", "replace").encode("utf-16"),
    "UTF-16, large end": lambda data, _: data.decode("utf-8", "replace").encode("utf-16-be"),
    "gzip": lambda data, _: gzip.compress(data, mtime=0),
    "gzip, cut off": lambda data, rng: gzip.compress(data, mtime=0)[: -rng.randint(1, 40)],
    "tabs": lambda data, _: data.replace(b",", b"\t"),
    "bars": lambda data, _: data.replace(b",", b"|"),
    "quoted decimal commas": quote_commas,
    "names of R": in_names(lambda name: b'"X.' + name.strip() + b'"'),
    "lower case": in_names(bytes.lower),
    "no zero": in_names(lambda name: name.replace(b"AU0", b"AU")),
    "no suffix": in_names(lambda name: name.replace(b"_r", b"")),
    "second face": on_lines(second_face),
    "frame never moves": in_column(b"frame", lambda *_: b"1"),
    "frame empty": in_column(b"frame", lambda *_: b""),
    "frame begins anew": in_column(b"frame", lambda number, _: b"%d" % (number % 7)),
    "success in words": in_column(b"success", lambda number, _: b"True" if number % 3 else b"F"),
    "endless confidence": in_column(b"confidence", lambda *_: b"inf"),
    "byte order mark": lambda data, _: b"\xef\xbb\xbf" + data,
    "semicolons": lambda data, _: data.replace(b",", b";"),
    "decimal commas": lambda data, _: data.replace(b",", b";").replace(b".", b","),
}
