"""A stage ends with a line that people can act on, and shows the rest as it came."""

import json
from pathlib import Path

import pytest

from pipeline.errors import one_line
from pipeline.settings import paths
from pipeline.stages import label, weigh


@pytest.mark.parametrize(
    ("main", "lost"),
    [
        (label.main, paths.FRAMES),  # in PyArrow's words
        (weigh.main, paths.LABELS),
        (lambda: json.loads(paths.RUN.read_text()), paths.RUN),  # in the system's
    ],
)
def test_a_file_that_no_stage_has_made_is_named_with_the_way_to_it(
    main, lost: Path, workspace, tree, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace(tree)
    with pytest.raises(SystemExit) as ended, one_line():
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"error: {lost} is missing: `dvc repro` makes it.\n"


def test_a_file_of_somebody_else_that_is_gone_is_no_matter_of_a_stage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), one_line():
        (tmp_path / "outputs/gone.csv").read_text()
