import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.data import frames
from pipeline.data.frames import RowGroupWriter, batches, column_codes


@pytest.mark.parametrize("sizes", [[3, 1, 4], [8], [1] * 8, [5, 3], [2, 6], [7, 1]])
def test_row_groups_depend_on_the_rows_alone(tmp_path, monkeypatch, sizes):
    monkeypatch.setattr(frames, "ROW_GROUP", 3)
    table = pa.table({"a": list(range(8)), "w": list("aabbccdd")})
    table = table.set_column(1, "w", table["w"].dictionary_encode())
    path = tmp_path / "t.parquet"
    with RowGroupWriter(path, table.schema) as writer:
        start = 0
        for size in sizes:
            writer.write(table.slice(start, size))
            start += size
    groups = [batch["a"].to_pylist() for batch in batches(path, ["a"])]
    assert groups == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert pq.read_table(path)["w"].cast(pa.string()).to_pylist() == list("aabbccdd")


def test_a_table_without_rows_is_written(tmp_path):
    schema = pa.schema([("a", pa.int64())])
    with RowGroupWriter(tmp_path / "t.parquet", schema):
        pass
    assert pq.read_table(tmp_path / "t.parquet").num_rows == 0


def test_codes_stand_for_the_words_across_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "ROW_GROUP", 3)
    schema = pa.schema([("subject", frames.word_type())])
    with RowGroupWriter(tmp_path / "t.parquet", schema) as writer:
        for words in (["b", "b"], ["a", "c"], ["c", "b", "d"]):
            writer.write(pa.table({"subject": pa.array(words).dictionary_encode()}))
    codes, words = column_codes(tmp_path / "t.parquet", "subject")
    assert [words[code] for code in codes] == list("bbaccbd")
    assert len(set(words)) == len(words) == 4
