"""Who draws 3D Tiles: this process, processes of this machine, or the workers of a Dask cluster. The files are the same.

Tasks are handed out as they are wanted, a few for each worker at once, so that memory follows the workers and not the city. What
a worker that died had in hand is drawn again by another.
"""

from __future__ import annotations

import multiprocessing
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
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
class _Process:
    """A process with a pipe of its own: what it was writing when it was killed is nobody else's half message."""

    process: BaseProcess
    pipe: Connection[Any, Any]
    job: _Job | None = None

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


@dataclass(slots=True)
class _Job:
    """A task under way."""

    task: Task
    is_given: bool = False
    answer: Answer | None = None
    deaths: int = 0


@dataclass(slots=True)
class _Pool:
    """Processes that are started at the first task, and anew when one dies."""

    count: int
    workers: list[_Process] = field(default_factory=list, init=False)

    def __call__(self, work: _Work, tasks: Iterable[Task], /) -> Iterator[Answer]:
        """See `engine.Workers`."""
        jobs: deque[_Job] = deque()
        source = iter(tasks)
        while True:
            while len(jobs) < _AHEAD * self.count and (task := next(source, None)) is not None:
                jobs.append(_Job(task))
            if not jobs:
                return
            if (answer := jobs[0].answer) is not None:
                jobs.popleft()
                yield answer
            else:
                self._hand_out(work, jobs)
                self._collect()

    def _hand_out(self, work: _Work, jobs: Iterable[_Job]) -> None:
        """Give every process that rests a job that nobody has."""
        for job in jobs:
            if job.is_given:
                continue
            worker = next((one for one in self.workers if one.job is None), None)
            if worker is None:
                if len(self.workers) == self.count:
                    return
                worker = _start()
                self.workers.append(worker)
            worker.job, job.is_given = job, True
            with suppress(OSError):  # it has died: seen when its answer is awaited
                worker.pipe.send((work, job.task))

    def _collect(self) -> None:
        """Wait for an answer, or for the death of a process, whose job is to be given again."""
        busy = {worker.pipe: worker for worker in self.workers if worker.job is not None}
        for pipe in wait(list(busy)):
            worker = busy[pipe]  # type: ignore[index]
            job, worker.job = worker.job, None
            assert job is not None
            try:
                answer, error = worker.pipe.recv()
            except (EOFError, OSError):
                self.workers.remove(worker)
                worker.end()
                self._count_death(job)
                continue
            if error is not None:
                raise error
            job.answer = answer

    def _count_death(self, job: _Job) -> None:
        job.is_given = False
        job.deaths += 1
        if job.deaths >= _DEATHS:
            raise NoWorkers(
                f"{job.deaths} times in a row a process that draws 3D Tiles was ended from outside, over the same tiles; the"
                " system does so when memory is short: take fewer `--processes`, or leave it out"
            )

    def close(self) -> None:
        """End the processes."""
        for worker in self.workers:
            worker.end()
        self.workers.clear()


def _start() -> _Process:
    # forked from a process that has loaded the program only: this one has threads and a connection to the database
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "tiles.tiles3d.layers"])
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return _Process(process, ours)


def _serve(pipe: Connection[Any, Any]) -> None:
    """Answer tasks until the pool hangs up."""
    with suppress(EOFError):
        while True:
            work, task = pipe.recv()
            try:
                answer, error = work(task), None
            except Exception as found:
                answer, error = None, found
            pipe.send((answer, error))


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
