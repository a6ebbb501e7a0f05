"""Jobs of each kind run on a cluster by the setting alone, and give what they give here."""

import json
import os
import shutil
import socket
import sys

import joblib
import numpy as np
import pytest
from recordings import openface_folder
from studied import QUICK, write_world

from pipeline.errors import InputError
from pipeline.evaluation.baselines import LOGISTIC, NETWORK
from pipeline.settings import params, paths, workers
from pipeline.settings.beside_sections import Parallel
from pipeline.stages import prepare
from pipeline.stages.steps import ingest
from studies import cells
from studies.people import Part

# Of Dask's own, on ports and closed connections.
pytestmark = pytest.mark.filterwarnings("default")
PART = Part(("p00", "p01", "p02", "p03"), ("p04", "p05"), ("p06", "p07"))
LEARNERS = (NETWORK, LOGISTIC, "random forest")
FILES = {"Z_1.csv": "frame,AU06_r\n1,x\n"}


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """Start two worker processes of two threads, in a folder that no job means."""
    from distributed import LocalCluster

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        made = LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None)
    with made as cluster:
        yield cluster


def elsewhere(*_arguments):
    raise AssertionError("a job ran in the calling process")


def prepared(workspace, tree, where=None):
    tree["parallel"] = where or tree["parallel"]
    workspace(tree)
    prepare.main()
    return paths.FRAMES.read_bytes(), paths.PREPARE_SUMMARY.read_bytes()


@pytest.fixture
def recordings(tree, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.data.reading.plan.JOB_BYTES", 1)  # a job per file
    openface_folder(tmp_path / "in", FILES, sound=6)
    # A relative path, which a worker has to find as well.
    tree["data"] |= {"path": "in", "layout": "openface", "naming": "subject_first"}


def test_the_setting_alone_reads_files_on_a_cluster(dask, recordings, workspace, tree, monkeypatch):
    here = prepared(workspace, tree)
    assert json.loads(here[1])["rows_quarantined"] == 1
    monkeypatch.setattr(ingest.contract, "check", elsewhere)  # in this process alone
    where = {"backend": "dask", "address": dask.scheduler_address}
    assert prepared(workspace, tree, where) == here


def test_where_local_is_set_a_backend_of_the_callers_own_wins(
    dask, recordings, workspace, tree, monkeypatch
):
    from distributed import Client

    here = prepared(workspace, tree)
    monkeypatch.setattr(ingest.contract, "check", elsewhere)
    with Client(dask), joblib.parallel_config("dask"):
        assert prepared(workspace, tree) == here


def test_the_environment_names_the_cluster_where_the_address_is_null(
    dask, recordings, workspace, tree, monkeypatch
):
    here = prepared(workspace, tree)
    monkeypatch.setattr(ingest.contract, "check", elsewhere)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", dask.scheduler_address)
    assert prepared(workspace, tree, {"backend": "dask", "address": None}) == here


# Clusters of other kinds: each is started by hand, `RAY_ADDRESS=head:6379 pytest ...`, for neither
# package is installed with the tests' own.
OTHERS = {"ray": "RAY_ADDRESS", "spark": "SPARK_MASTER_URL"}


@pytest.fixture(params=OTHERS)
def other(request):
    for package in workers._CLUSTERS[request.param].packages:
        pytest.importorskip(package)
    if not (address := os.environ.get(OTHERS[request.param])):
        pytest.skip(f"{OTHERS[request.param]} names no cluster")
    return Parallel(backend=request.param, address=address)


def answers(settings, where):
    """Ask models of each kind about two people; cells are computed anew."""
    shutil.rmtree(cells.CELLS, ignore_errors=True)
    there = settings.model_copy(update={"parallel": where})
    asked = [cells.cell_of(name, there, PART, 7 + i) for name in LEARNERS for i in range(2)]
    return cells.compute(asked, 1)


def compare_answers(settings, where, monkeypatch):
    here = answers(settings, settings.parallel)
    monkeypatch.setattr(cells, "_ask", elsewhere)
    there = answers(settings, where)
    for one, other in zip(here, there, strict=True):
        assert np.array_equal(one.predicted, other.predicted)
        assert np.array_equal(one.validation, other.validation)
        assert one.notes == other.notes


@pytest.fixture
def quick(workspace, tree):
    write_world(workspace(tree))
    return params.with_values(params.load(), QUICK, paths.PARAMS)


def test_the_setting_alone_computes_the_cells_of_a_study_on_a_cluster(dask, quick, monkeypatch):
    """Two networks at a time in one process as well, while Dask draws from Python's generator."""
    compare_answers(quick, Parallel(backend="dask", address=dask.scheduler_address), monkeypatch)


@pytest.mark.soak
def test_another_cluster_reads_files(other, recordings, workspace, tree, monkeypatch):
    here = prepared(workspace, tree)
    monkeypatch.setattr(ingest.contract, "check", elsewhere)
    assert prepared(workspace, tree, other.model_dump()) == here


@pytest.mark.soak
def test_another_cluster_computes_cells(other, quick, monkeypatch):
    compare_answers(quick, other, monkeypatch)


def refusal(backend, address=None):
    with (
        pytest.raises(InputError) as error,
        workers.workers(Parallel(backend=backend, address=address)),
    ):
        pass
    told = str(error.value)
    assert "\n" not in told
    assert told.endswith("Or set parallel.backend: local.")
    return told


@pytest.mark.parametrize(
    ("backend", "address"),
    [("dask", "tcp://127.0.0.1:{}"), ("ray", "127.0.0.1:{}"), ("spark", "spark://127.0.0.1:{}")],
)
def test_an_address_where_nothing_listens_is_one_line(backend, address, monkeypatch):
    monkeypatch.setattr(workers, "_refuse_missing", lambda *_: None)  # it is not come to
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = address.format(free.getsockname()[1])
    told = refusal(backend, place)
    assert f"no {backend} cluster answers at {place}" in told
    assert "Connection refused" in told


def test_a_place_that_is_no_scheduler_is_one_line(monkeypatch):
    monkeypatch.setattr(workers, "WAIT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and says nothing
        told = refusal("dask", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
    assert "no dask cluster answers" in told


def test_no_address_at_all_is_one_line(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    assert "DASK_SCHEDULER_ADDRESS is not set" in refusal("dask")


@pytest.mark.parametrize(
    ("backend", "absent"), [("dask", "distributed"), ("ray", "ray"), ("spark", "pyspark")]
)
def test_a_package_that_is_missing_is_one_line(backend, absent, monkeypatch):
    monkeypatch.setitem(sys.modules, absent, None)
    told = refusal(backend, "head:1")
    assert f"parallel.backend is {backend}, and there is no package {absent}" in told


def test_a_cluster_without_workers_is_one_line(monkeypatch):
    monkeypatch.setattr(workers, "WAIT", 0)
    monkeypatch.setattr(workers, "effective_n_jobs", lambda: 0)
    with pytest.raises(InputError, match="has no worker: start some, see docs"):
        workers._refuse_strangers("dask")


def test_workers_that_do_not_have_this_project_are_one_line(dask, monkeypatch):
    def lacking(_run, _jobs):
        raise RuntimeError("System error\nModuleNotFoundError: No module named 'pipeline'")

    monkeypatch.setattr(workers, "run_all", lacking)
    told = refusal("dask", dask.scheduler_address)
    assert "(No module named 'pipeline'). Its workers need this project" in told


def test_a_folder_that_a_worker_does_not_see_is_one_line(dask, tmp_path, monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: str(tmp_path / "of_this_machine_alone"))
    where = Parallel(backend="dask", address=dask.scheduler_address)
    with pytest.raises(InputError, match=r"does not see .*of_this_machine_alone"):
        workers.workers(where).__enter__()
