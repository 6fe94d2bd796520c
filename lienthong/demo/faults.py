"""What goes wrong on purpose: orders to the simulated partners, given through their control endpoint over HTTP.

Each order is met by one dossier's own request, known by its applicant's number; the portal's outage meets everybody.
"""

import orjson

from adapters.outbound import Door, Endpoint, Request
from adapters.simulator.serving import CONTROL
from engine.exchange.ports import Json
from lienthong.demo.batch import Batch, Case
from lienthong.demo.interface import DemoFailed
from lienthong.demo.plans import POST

OUTAGE_S = 10.0
_FEEDS: tuple[dict[str, Json], ...] = (
    {"fault": "html", "partner": "civil_status", "operation": "LayKetQua", "times": 2},
    {"fault": "drop-before", "partner": "post", "operation": "TraCuuHanhTrinh", "times": 2},
)


class Faults:
    """The control endpoint of the simulators at *address*."""

    def __init__(self, address: str) -> None:
        self._door = Door([Endpoint(name="simulators", url=address, private=True)])

    def order(self, batch: Batch) -> None:
        """Give every order of the batch's plans, before the first dossier is handed in."""
        self._send([*_FEEDS, *(rule for case in batch.cases for rule in _rules(case))])

    def portal_down(self) -> None:
        """Let the portal answer nobody for a while."""
        self._send([{"fault": "down", "partner": "portal", "seconds": OUTAGE_S}])

    def close(self) -> None:
        self._door.close()

    def _send(self, rules: list[Json]) -> None:
        request = Request(
            endpoint="simulators",
            method="POST",
            path=CONTROL,
            headers={"Content-Type": "application/json"},
            body=orjson.dumps(rules),
            label=("simulators", "control"),
        )
        answer = self._door.send(request)
        if answer.status != 200:
            raise DemoFailed(f"the simulators refuse their orders: {answer.body[:500]!r}")


def _rules(case: Case) -> list[Json]:
    rules: list[Json] = []
    for trouble in case.plan.troubles:
        partner, _, operation = trouble.call.partition(".")
        rules.append(
            {
                "fault": trouble.fault,
                "partner": partner,
                "operation": operation,
                "pattern": case.phone if trouble.call == POST else case.identity,
                "times": 1,
                "seconds": trouble.seconds,
                "after": trouble.after,
                "choice": trouble.choice,
            }
        )
    return rules
