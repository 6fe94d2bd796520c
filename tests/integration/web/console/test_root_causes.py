"""Incidents that say the same but for numbers stand together; one leads to what lies behind it, and to what waits for it."""

import re

from sqlalchemy import text

from engine.storage import partners
from engine.storage.partners import BreakerPolicy
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident
from tests.support.counter import Counter
from tests.support.procedures import UNIT


def test_incidents_that_differ_in_numbers_only_are_one_group(counter: Counter) -> None:
    code = counter.new_dossier()
    for title in ("row 12 of 0f3a9c81d2 is wrong", "row 7 of aa00bb11cc is wrong", "no row 3"):
        add_incident(counter, code, cause="call-refused", title=title, partner="agency")
    viewer = Visitor(counter, "viewer")
    page = viewer.page("/su-co?lang=en")
    groups = page[page.index("<tbody>") : page.index("</tbody>")].split("</tr>")[:-1]
    assert [text_of(one).split(" agency ")[0].split(" Refused by the partner ")[1] for one in groups] == [
        "row # of # is wrong",
        "no row #",
    ]
    [link] = re.findall(r'href="([^"]*said=row[^"]*)"', groups[0])
    narrowed = text_of(viewer.page(link.replace("&amp;", "&")))
    assert "2 found" in narrowed or "2 kết quả" in narrowed
    assert "no row" not in narrowed
    assert "Không có gì khớp" in viewer.page("/su-co?said=row+12&lang=vi")


def test_an_incident_leads_to_what_lies_behind_it(counter: Counter) -> None:
    code = counter.new_dossier()
    first, second = add_call(counter, code), add_call(counter, code, "incident")
    head = add_incident(counter, code, call=first, cause="unknown-outcome", partner="agency")
    behind = add_incident(counter, code, call=second, cause="call-refused", partner="agency")
    with counter.store.transaction() as connection:
        partners.record_failure(connection, "agency", BreakerPolicy(failures=1, open_s=60))
    outage = counter.scalar("SELECT id FROM incident WHERE cause = 'partner-outage'")
    viewer = Visitor(counter, "viewer")
    page = viewer.page(f"/su-co/{behind}?lang=en")
    assert f'The partner is out of order: <a href="/su-co/{outage}">' in page
    assert f'Its call waits behind: <a href="/su-co/{head}">' in page
    assert "Earlier trouble" not in page
    at_head = viewer.page(f"/su-co/{head}?lang=en")
    assert "Its call waits behind" not in at_head
    assert f'href="/cuoc-goi?partner=agency&amp;dossier={code}">1 calls' in at_head
    of_outage = viewer.page(f"/su-co/{outage}?lang=en")
    assert "Root cause" not in of_outage
    assert "1 calls" in of_outage
    near = Visitor(counter, "viewer", unit=UNIT, name="near")
    assert f'href="/su-co/{outage}"' not in near.page(f"/su-co/{behind}")


def test_earlier_trouble_of_the_dossier_lies_behind_and_nothing_that_is_closed(counter: Counter) -> None:
    code = counter.new_dossier()
    first, second = (add_incident(counter, code) for _ in range(2))
    viewer = Visitor(counter, "viewer")
    assert f'Earlier trouble of the same dossier: <a href="/su-co/{first}">' in viewer.page(
        f"/su-co/{second}?lang=en"
    )
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE incident SET status = 'closed' WHERE id = :id"), {"id": first})
    assert "Root cause" not in viewer.page(f"/su-co/{second}?lang=en")
