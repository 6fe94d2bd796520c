"""The mix of the demo is fixed, covers what must go wrong, and breaks nothing whose outcome nobody could find out."""

from itertools import pairwise

from engine.dossiers.statuses import is_final, may_become
from lienthong.demo.batch import Batch
from lienthong.demo.plans import EXTRACT, MIX

BREAKING = {"drop-before", "drop-after", "html"}
NEITHER = {"portal.CapNhatTienDoHoSoMC", "residence.DangKyThuongTru"}


def test_twenty_dossiers_of_which_a_fixed_part_goes_wrong() -> None:
    names = [plan.name for plan in MIX]
    assert len(names) == 20
    assert sum(plan.goes_wrong for plan in MIX) == 14
    assert sum(plan.procedure == EXTRACT for plan in MIX) == 4
    assert {
        "supplement-answered",
        "supplement-never-answered",
        "refused",
        "residence-refused",
        "slow-partners",
        "submitted-twice",
        "connections-dropped",
        "502-pages",
        "draft-confirmed",
        "draft-silence",
        "draft-sent-back",
    } <= set(names)


def test_connections_break_only_where_the_partner_can_be_asked_or_drops_repeats() -> None:
    broken = {trouble.call for plan in MIX for trouble in plan.troubles if trouble.fault in BREAKING}
    assert broken
    assert not broken & NEITHER


def test_every_planned_way_is_one_that_the_law_allows() -> None:
    for plan in MIX:
        assert plan.statuses[0] == 1
        assert is_final(plan.statuses[-1])
        assert all(may_become(one, following) for one, following in pairwise(plan.statuses)), plan.name


def test_larger_batches_go_round_and_no_two_applicants_are_the_same() -> None:
    batches = [Batch(run, 45, ["H99.14", "H99.15"]) for run in (1, 2)]
    assert batches[0].cases[20].plan is MIX[0]
    identities = {case.identity for batch in batches for case in batch.cases}
    assert len(identities) == 90
    assert all(len(identity) == 12 and identity.isdigit() for identity in identities)
