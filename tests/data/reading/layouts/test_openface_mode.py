"""Video or image mode of OpenFace, as far as the files show it."""

import pytest
from recordings import COLUMNS, ROWS, account_of, csv_text, expression_folder, openface_folder

from pipeline.stages import prepare

VIDEO = csv_text(["timestamp", *COLUMNS], [[i / 25, *row] for i, row in enumerate(ROWS)])
IMAGE = csv_text(["face", *COLUMNS[2:]], [[0, *ROWS[0][2:]]])


@pytest.mark.parametrize(
    ("files", "mode"),
    [
        ({}, "unknown"),
        ({"E_1.csv": VIDEO}, "video"),
        ({"E_1.csv": IMAGE}, "image"),
        ({"E_1.csv": VIDEO, "F_1.csv": IMAGE}, "image and video"),
    ],
)
def test_mode_is_told_and_a_mixture_is_warned_of(workspace, tree, tmp_path, files, mode):
    folder = openface_folder(tmp_path / "recordings", files)
    tree["data"] = {"path": str(folder), "layout": "openface", "naming": "subject_first"}
    prepare_all(workspace, tree)
    account = account_of(tmp_path)
    assert account["mode"] == mode
    codes = [found["code"] for found in account["warnings"]]
    assert ("mixed_modes" in codes) == (mode == "image and video")


def test_images_of_the_expression_layout_are_images(workspace, tree, tmp_path):
    tree["data"]["path"] = str(expression_folder(tmp_path / "recordings", {}))
    prepare_all(workspace, tree)
    assert account_of(tmp_path)["mode"] == "image"


def prepare_all(workspace, tree):
    workspace(tree)
    prepare.main()
