"""Who draws 3D Tiles: this process, processes of this machine, or the workers of a Dask cluster. The files are the same.

Tasks are handed out as they are wanted, a few for each worker at once, so that memory follows the workers and not the city. What
a worker that died had in hand is drawn again by another.
"""

from __future__ import annotations

import multiprocessing
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from tiles.errors import NoWorkers
from tiles.tiles3d.engine import FORMAT, Task, Workers
from tiles.tiles3d.layer import Content

Answer: TypeAlias = list[dict[str, tuple[str, Content]]]
_Work: TypeAlias = Callable[[Task], Answer]

_DEATHS: Final = 3
"""Deaths of workers over one task after which it is the task's fault."""
_AHEAD: Final = 2
"""Tasks under way for each worker: one is drawn, one waits."""
_CONNECT_S: Final = 5
_WAIT_S: Final = 20.0
"""How long a cluster may be without any worker."""
_ADDRESS: Final = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[\w.\-]+:\d{1,5}|((tcp|tls|ws|wss)://)?\[[0-9a-fA-F:]+\]:\d{1,5}")


@contextmanager
def processes(count: int) -> Iterator[Workers]:
    """Draw in processes of this machine, which end with the block.

    The program is loaded once more for all of them, two seconds of processor time.

    Raises
    ------
    NoWorkers
        While drawing, when processes die again and again over the same tiles.
    """
    pool = _Pool(count)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(slots=True)
class _Pool:
    """Processes that are started at the first task, and anew when one dies."""

    count: int
    executor: ProcessPoolExecutor | None = field(default=None, init=False)

    def __call__(self, work: _Work, tasks: Iterable[Task], /) -> Iterator[Answer]:
        """See `engine.Workers`."""
        waiting: deque[tuple[Task, Future[Answer]]] = deque()
        source = iter(tasks)
        deaths = 0
        while True:
            while len(waiting) < _AHEAD * self.count and (task := next(source, None)) is not None:
                waiting.append((task, self._submit(work, task)))
            if not waiting:
                return
            try:
                answer = waiting[0][1].result()
            except BrokenProcessPool:
                deaths += 1
                if deaths >= _DEATHS:
                    raise NoWorkers(
                        f"{deaths} times in a row a process that draws 3D Tiles was ended from outside, over the same tiles; the"
                        " system does so when memory is short: take fewer `--processes`, or leave it out"
                    ) from None
                self.close()
                waiting = deque((task, kept if _whole(kept) else self._submit(work, task)) for task, kept in waiting)
                continue
            deaths = 0
            waiting.popleft()
            yield answer

    def _submit(self, work: _Work, task: Task) -> Future[Answer]:
        if self.executor is None:
            # forked from a process that has loaded the program only: this one has threads and a connection to the database
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([__name__, "tiles.tiles3d.layers"])
            self.executor = ProcessPoolExecutor(self.count, mp_context=context)
        try:
            return self.executor.submit(work, task)
        except BrokenProcessPool as error:  # one died while nobody waited for it: told when its turn comes
            failed: Future[Answer] = Future()
            failed.set_exception(error)
            return failed

    def close(self) -> None:
        """End the processes."""
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
            self.executor = None


def _whole(future: Future[Answer]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


@contextmanager
def cluster(address: str, var_dir: Path) -> Iterator[Workers]:
    """Draw on the workers of a Dask cluster.

    Parameters
    ----------
    address
        Of its scheduler: `tcp://10.0.0.5:8786`.
    var_dir
        Where rasters lie; workers read the ground from there, so it must be there for them too.

    Raises
    ------
    NoWorkers
        When nobody answers there, it has no workers, they cannot draw, or all of them go away while drawing.
    """
    distributed, dask = _distributed()
    if _ADDRESS.fullmatch(address) is None:
        raise NoWorkers(f"--cluster is {address!r}; it must be the address of a Dask scheduler: tcp://10.0.0.5:8786")
    # 8,000 features are some MB; they stay with the scheduler on purpose, so that they outlive the worker that has them
    limits = {"distributed.admin.large-graph-warning-threshold": "1 GB", "distributed.comm.timeouts.connect": f"{_CONNECT_S}s"}
    with dask.config.set(limits):
        try:
            client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise NoWorkers(
                f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler` and workers with `dask worker"
                f" {address}`, give the address that it prints, or leave out --cluster to draw here"
            ) from None
        with client:
            yield _Cluster(client, distributed, address, _ready_slots(client, distributed, address, var_dir))


def _distributed() -> tuple[Any, Any]:
    try:
        import dask  # noqa: PLC0415 - an extra: only who has a cluster needs it
        import distributed  # noqa: PLC0415
    except ImportError:
        raise NoWorkers("--cluster needs the extra `cluster`: pip install 'heat-twin[cluster]'") from None
    return distributed, dask


def _ready_slots(client: Any, distributed: Any, address: str, var_dir: Path) -> int:
    """Return how many tasks the workers draw at once; every one of them must be of this release and see the var dir."""
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
    except (TimeoutError, OSError):
        raise _without_workers(address) from None
    here = able(var_dir)
    told = client.run(able, var_dir, on_error="return")
    for worker, found in told.items():
        if found == here:
            continue
        problem = f"{type(found).__name__}: {found}" if isinstance(found, BaseException) else f"it has {found}"
        raise NoWorkers(
            f"worker {worker} of {address} cannot draw ({problem}; needed is {here}): install the same release of heat twin,"
            f" and mount {var_dir} there at the same path"
        )
    threads: dict[str, int] = client.nthreads()
    return max(sum(threads.values()), 1)


def able(var_dir: Path) -> str:
    """Return what must be the same where something is drawn: the format of the files, and whether the var dir is there."""
    return f"format {FORMAT}, var dir {'there' if var_dir.is_dir() else 'missing'}"


def _without_workers(address: str) -> NoWorkers:
    return NoWorkers(f"the Dask scheduler at {address} has no workers for {_WAIT_S:g} s; start some with `dask worker {address}`")


@dataclass(frozen=True, slots=True)
class _Cluster:
    """The workers of a scheduler."""

    client: Any
    distributed: Any
    address: str
    slots: int

    def __call__(self, work: _Work, tasks: Iterable[Task], /) -> Iterator[Answer]:
        """See `engine.Workers`."""
        waiting: deque[Any] = deque()
        source = iter(tasks)
        while True:
            while len(waiting) < _AHEAD * self.slots and (task := next(source, None)) is not None:
                waiting.append(self.client.submit(work, task, pure=False))
            if not waiting:
                return
            yield self._answer(waiting.popleft())

    def _answer(self, future: Any) -> Answer:
        """Wait for a task; the scheduler gives it to another worker when the one that has it dies."""
        while True:
            try:
                answer: Answer = future.result(timeout=_WAIT_S)
            except self.distributed.KilledWorker as error:
                raise NoWorkers(
                    f"workers of {self.address} died again and again over the same tiles ({error}); mostly their memory is short"
                ) from None
            except (self.distributed.CancelledError, OSError) as error:
                if future.status == "error":  # raised by the work itself
                    raise
                if not isinstance(error, self.distributed.TimeoutError):
                    raise NoWorkers(
                        f"the Dask scheduler at {self.address} went away while it drew ({error}); build again"
                    ) from None
                if not self.client.nthreads():
                    raise _without_workers(self.address) from None
            else:
                return answer
