"""Judge the trained model on the test split, beside baselines, and write report and figures."""

import gc

from threadpoolctl import threadpool_limits

from pipeline.errors import run_main
from pipeline.report.figures.rendering import Renderer
from pipeline.report.terminal import steps
from pipeline.settings import params, paths
from pipeline.tracking.outbox.sender_process import get_ready

STEPS = 5  # that `evaluate` tells of


def main() -> None:
    settings = params.load()
    get_ready()
    with Renderer() as renderer, steps(STEPS) as step:
        # What it loads takes a second, like what the two processes beside load.
        from pipeline.report.console import show
        from pipeline.stages.steps.evaluating import evaluate, record

        gc.freeze()  # see `errors.process`
        # One thread: products this small lose by being shared with what else runs, and their last
        # digit would depend on the number of cores.
        with threadpool_limits(1, user_api="blas"):
            done = evaluate(settings, step, renderer)
        step("recording it on the run")
        run = record(settings, done)
    show(
        done.pages.report,
        [("report", paths.REPORT_PAGE.as_posix()), ("MLflow run", f"{run} (`make ui`)")],
    )


if __name__ == "__main__":
    run_main(main)
