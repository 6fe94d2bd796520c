"""betsy's models (uniba-dsg): what runs must run as expected, what is not run must be refused, nothing may go wrong."""

import os
import sys
from pathlib import Path

import betsy
import pytest

# Elements of the profile (design, section 4): none of these models may be refused.
PROFILE = frozenset(
    (
        "CallActivity_Process",
        "EventBasedGateway_Signals",
        "EventBasedGateway_Timer",
        "ExclusiveGateway",
        "ExclusiveGateway_Default",
        "ExclusiveGatewayMixed",
        "Lanes",
        "ParallelDiverging_ExclusiveConverging",
        "ParallelGateway",
        "Participant",
        "SequenceFlow",
        "SequenceFlow_Conditional",
        "SequenceFlow_ConditionalDefault",
        "SequenceFlow_ConditionalDefault_Normal",
        "Timer_BoundaryEvent_SubProcess_TimeCycle",
        "WCP01_Sequence",
        "WCP02_ParallelSplit",
        "WCP03_Synchronization",
        "WCP04_ExclusiveChoice",
        "WCP05_SimpleMerge",
        "WCP08_MultiMerge",
    )
)


@pytest.fixture(scope="module")
def suites() -> Path:
    folder = os.environ.get("SUITES_DIR", "")
    if not (Path(folder) / betsy.FOLDER).is_dir():
        pytest.skip("SUITES_DIR is not set: betsy's models are not here")
    return Path(folder)


def test_no_model_of_betsy_runs_wrongly(suites: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = betsy.Tally()
    for case in betsy.cases(suites):
        verdict, why = betsy.run(case)
        getattr(tally, verdict).append(f"{case.id} {why}".rstrip())
    with capsys.disabled():
        sys.stdout.write("\n" + tally.told("betsy, execution") + "\n")
    assert tally.wrong == []
    assert [one for one in tally.refused if one.split("[")[0] in PROFILE] == []
    assert tally.right


def test_every_model_that_breaks_a_rule_is_refused(suites: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = betsy.Tally()
    for file in betsy.constraint_breakers(suites):
        found = betsy.refusals(file.read_bytes())
        (tally.refused if found else tally.wrong).append(f"{file.stem} {found[0].rule if found else ''}")
    with capsys.disabled():
        sys.stdout.write("\n" + tally.told("betsy, constraints") + "\n")
    assert tally.wrong == []
    assert tally.refused
