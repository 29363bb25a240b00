"""Test processes that are replaced when they have grown: TensorFlow keeps every compiled program.

`pytest -n 2 --dist loadfile` runs each file in one process. A process that holds more than `LIMIT`
after a file gets no further one: it ends, and a new one takes its place.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

LIMIT = 2**30
"""Resident bytes of a process after which it is replaced."""

_RESIDENT = "resident_bytes"


class Recycling:
    """The plugin, in the controlling process and in the test processes."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Any:
        """Adds the size of the process to the last report of a test."""
        from nodelens.runtime.memory import resident_bytes

        report = yield
        if report.when == "teardown":
            report.user_properties.append((_RESIDENT, resident_bytes()))
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Stores, in the controlling process, the size of the process of the test."""
        node = getattr(report, "node", None)
        if node is not None:
            node.resident_bytes = dict(report.user_properties).get(_RESIDENT, 0)

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LoadFileScheduling:
        """Makes the scheduler that gives no further file to a process that has grown."""
        return FilesToSmallProcesses(config, log)

    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Starts a new process in the place of one that ended while files were left."""
        session = self.config.pluginmanager.getplugin("dsession")
        if error is None and not session.shuttingdown and session.sched.workqueue:
            session._clone_node(node)
            node.gateway.exit()  # else it would stay, and keep its memory, until all have ended


class FilesToSmallProcesses(LoadFileScheduling):
    """The scheduler of `--dist loadfile`, except that processes that have grown are ended."""

    def _reschedule(self, node: Any) -> None:
        if node not in self.registered_collections:
            return  # a new process that is still collecting its tests
        if getattr(node, "resident_bytes", 0) > LIMIT and not node.shutting_down:
            # It still runs what it was given, at most the rest of this file and one more.
            node.shutdown()
        super()._reschedule(node)
