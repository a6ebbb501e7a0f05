from recordings import changed, openface_folder

from pipeline.commands import inspect


def look(capsys, path, naming=None) -> list[str]:
    inspect.run(str(path), naming=naming)
    return capsys.readouterr().out.splitlines()


def test_says_what_would_be_read_and_writes_nothing(workspace, tree, tmp_path, capsys):
    workspace(tree)
    folder = openface_folder(
        tmp_path / "in",
        {"Z_1.csv": changed(2, "AU06_r", 9), "labels.csv": "clip,emotion\nA_1,sad\n"},
    )
    before = sorted(tmp_path.rglob("*"))
    lines = look(capsys, folder, "subject_first")
    assert sorted(tmp_path.rglob("*")) == before
    assert lines[0].endswith("layout openface, written by OpenFace 2")
    said = "\n".join(lines)
    for told in (
        "subjects  5 (A, B, C, D, Z)",
        "frames    14 kept, 1 rows quarantined",
        "AUs       2 intensities (6, 12); 1 presences (6)",
        "emotions  sad 3",
        "problem out_of_range: 1 rows",
        "Z_1.csv, row 2: AU06_r is 9",
        "warning clip_without_label",
        "-S data.layout=openface -S data.naming=subject_first",
    ):
        assert told in said
