"""The worker process: appliers, senders and background jobs, each a thin loop around the actions."""

from engine.worker.process import Worker, WorkerPolicy

__all__ = ["Worker", "WorkerPolicy"]
