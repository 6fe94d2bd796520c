"""One act about many as a person does it at the console: seen beforehand, confirmed, and its totals read."""

import html
import re

from tests.support.console import Visitor, text_of


def preview(visitor: Visitor, listed: str, action: str, **chosen: str | list[str]) -> str:
    """The page that shows what *action* would do about those *chosen* of the list at *listed*."""
    reply = visitor.post(f"{listed}/xem-truoc", {"action": action, "target": listed, **chosen})
    assert reply.status == 200, reply.body.decode()[-800:]
    return reply.body.decode()


def frozen(page: str) -> str:
    """What the form of a preview carries."""
    found = re.search(r'name="frozen" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def confirm(visitor: Visitor, listed: str, page: str, **typed: str) -> tuple[int, str]:
    """Confirm what the preview *page* shows: the answer's status, and the address of the batch."""
    reply = visitor.post(f"{listed}/lo", {"frozen": frozen(page), "reason": "they mend", **typed})
    return reply.status, reply.headers.get("location", "")


def totals(visitor: Visitor, path: str) -> list[int]:
    """Total, done, skipped, failed and waiting of the batch at *path*; they must add up."""
    page = text_of(visitor.page(f"{path}?lang=en"))
    numbers = [int(one) for one in re.findall(r"(?:Total|done|skipped|failed|waiting) (\d+)", page, re.I)[:5]]
    assert numbers[0] == sum(numbers[1:])
    return numbers
