"""Read files on a cluster: any joblib backend serves, without a change to the stage."""

import json
import warnings

import joblib
import pytest
from recordings import openface_folder

from pipeline.settings import paths
from pipeline.stages import prepare


def content(workspace, tree, folder) -> tuple[bytes, bytes]:
    tree["data"] |= {"path": str(folder), "layout": "openface", "naming": "subject_first"}
    workspace(tree)
    prepare.main()
    return paths.FRAMES.read_bytes(), paths.PREPARE_SUMMARY.read_bytes()


@pytest.mark.filterwarnings("default")  # of Dask's own, on ports and closed connections
def test_two_worker_processes_of_dask_give_the_same_bytes(
    workspace, tree, tmp_path, monkeypatch, capsys
):
    from distributed import Client, LocalCluster

    monkeypatch.setattr("pipeline.data.reading.plan.JOB_BYTES", 1)  # a job per file
    folder = openface_folder(tmp_path / "in", {"Z_1.csv": "frame,AU06_r\n1,x\n"}, sound=6)
    here = content(workspace, tree, folder)
    assert json.loads(here[1])["rows_quarantined"] == 1
    with (
        warnings.catch_warnings(action="ignore"),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = content(workspace, tree, folder)
        ran = [event for event in cluster.scheduler.task_prefixes if "read_one" in event]
        assert ran, f"the jobs did not run there: {list(cluster.scheduler.task_prefixes)}"
    assert there == here
