"""Test predictions are kept so that two models can be compared on the same rows, or not at all."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.data.frames import word_type
from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import KEYS, read_predictions, write_predictions

EMOTIONS = ["joy", "fear"]
TRUE = np.array([[1.0, 0.0], [0.5, 0.0], [0.1, 0.3]], dtype=np.float32)
PREDICTED = np.array([[0.8, 0.6], [0.4, 0.1], [0.6, 0.2]], dtype=np.float32)


def keys(
    subject: tuple[str, ...] = ("a", "b", "b"), frame: tuple[int, ...] = (1, 1, 2)
) -> pa.Table:
    words = [pa.array(subject), pa.array([f"{name}_1" for name in subject])]
    return pa.table([*(w.cast(word_type()) for w in words), pa.array(frame)], names=KEYS)


def write(
    path: Path, of: pa.Table, emotions: list[str], true: np.ndarray, predicted: np.ndarray
) -> str:
    scoring = {"thresholds": [0.4, 0.5], "positive_at": 0.3}
    return write_predictions(path, of, emotions, true, predicted, **scoring)


def test_reads_what_was_written(tmp_path: Path) -> None:
    told = write(tmp_path / "new/file.parquet", keys(), EMOTIONS, TRUE, PREDICTED)
    found = read_predictions(tmp_path / "new/file.parquet")
    assert found.emotions == ("joy", "fear")
    assert found.rows_hash == told
    assert (found.thresholds.tolist(), found.positive_at) == ([0.4, 0.5], 0.3)
    assert found.keys.to_pydict() == keys().to_pydict()
    assert found.subject.tolist() == ["a", "b", "b"]
    np.testing.assert_array_equal(found.true, TRUE)
    np.testing.assert_array_equal(found.predicted, PREDICTED)


def test_other_tools_see_plain_columns(tmp_path: Path) -> None:
    write(tmp_path / "file", keys(), EMOTIONS, TRUE.astype(float), PREDICTED)
    schema = pq.read_schema(tmp_path / "file")
    values = ["true/joy", "true/fear", "predicted/joy", "predicted/fear"]
    assert schema.names == ["subject", "clip", "frame", *values]
    assert {schema.field(name).type for name in values} == {pa.float32()}


def test_same_rows_give_the_same_bytes_and_hash(tmp_path: Path) -> None:
    chunks = pa.concat_tables([keys().slice(0, 1), keys().slice(1)])
    told = [
        write(tmp_path / name, of, EMOTIONS, TRUE, PREDICTED)
        for name, of in (("a", keys()), ("b", keys()), ("chunks", chunks))
    ]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert len(set(told)) == 1


def test_hash_changes_with_rows_and_labels_but_not_with_predictions(tmp_path: Path) -> None:
    def told(of: pa.Table, emotions: list[str], true: np.ndarray, predicted: np.ndarray) -> str:
        return write(tmp_path / "file", of, emotions, true, predicted)

    same = told(keys(), EMOTIONS, TRUE, PREDICTED)
    assert told(keys(), EMOTIONS, TRUE, PREDICTED / 2) == same
    others = [
        told(keys(("a", "b", "c")), EMOTIONS, TRUE, PREDICTED),
        told(keys(("ab", "", "b")), EMOTIONS, TRUE, PREDICTED),
        told(keys(frame=(1, 1, 3)), EMOTIONS, TRUE, PREDICTED),
        told(keys(), ["joy", "anger"], TRUE, PREDICTED),
        told(keys(), EMOTIONS, TRUE * np.float32(0.9), PREDICTED),
    ]
    assert len({same, *others}) == 6


def test_hash_is_that_of_the_columns_as_they_are_described(tmp_path: Path) -> None:
    """Other programs may compute it: see the module's first lines."""

    def md5(content: bytes) -> str:
        return hashlib.md5(content, usedforsecurity=False).hexdigest()

    lines = [
        f"subject {md5(b'a' + bytes(1) + b'b' + bytes(1) + b'b' + bytes(1))}",
        f"clip {md5(b'a_1' + bytes(1) + b'b_1' + bytes(1) + b'b_1' + bytes(1))}",
        f"frame {md5(np.array([1, 1, 2], '<i8').tobytes())}",
        f"true/joy {md5(np.array([1.0, 0.5, 0.1], '<f4').tobytes())}",
        f"true/fear {md5(np.array([0.0, 0.0, 0.3], '<f4').tobytes())}",
    ]
    told = write(tmp_path / "file", keys(), EMOTIONS, TRUE, PREDICTED)
    assert told == md5("\n".join(lines).encode())


def test_refuses_keys_of_other_rows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 rows of keys were given for 3 rows of labels"):
        write(tmp_path / "file", keys().slice(1), EMOTIONS, TRUE, PREDICTED)


@pytest.mark.parametrize("kind", ["no Parquet", "no hash", "no prediction", "absent"])
def test_refuses_another_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if kind == "no Parquet":
        path.write_text("subject,clip")
    elif kind != "absent":
        write(path, keys(), EMOTIONS, TRUE, PREDICTED)
        table = pq.read_table(path)
        bare = table.replace_schema_metadata(None)
        pq.write_table(bare if kind == "no hash" else table.drop(["predicted/fear"]), path)
    with pytest.raises(
        InputError, match=r"no table of test predictions .*Evaluate the model again"
    ):
        read_predictions(path)
