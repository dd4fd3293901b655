"""What runs the calls of a command: worker processes or a cluster."""

from __future__ import annotations

from inrr_cli.batch.calls import Executor
from inrr_cli.batch.resources import plan_workers
from inrr_cli.batch.workers import WorkerPool
from inrr_cli.cli.batch_options import BatchOptions


def make_executor(options: BatchOptions, count: int | None, device: str) -> tuple[Executor, int]:
    """Return what runs ``count`` calls, and its number of workers on this machine; the parameters as `plan_workers`.

    Raises
    ------
    InputError
        If the options cannot be used here.
    """
    plan = plan_workers(options.jobs, count, device)
    if options.cluster is not None:
        from inrr_cli.batch.cluster import DaskExecutor  # Dask is optional

        return DaskExecutor(options.cluster, plan), plan.jobs
    pool = WorkerPool(
        plan.jobs, plan.threads, timeout=options.timeout, memory=plan.memory, environments=plan.environments
    )
    return pool, plan.jobs
