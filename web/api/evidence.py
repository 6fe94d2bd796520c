"""A dossier's hash chain as an answer: every stored byte that was hashed, and whether it all holds."""

import base64
from collections.abc import Sequence

from engine.dossiers import timeline
from engine.dossiers.timeline import Link
from web.api.dossier_models import ChainBreak, ChainLink, Evidence


def told(dossier: str, links: Sequence[Link], head: tuple[int, bytes]) -> Evidence:
    """The proof of *dossier*: what a stranger needs to compute every hash again."""
    breaks = timeline.verify(dossier, links, head)
    return Evidence(
        dossier=dossier,
        algorithm="sha256",
        genesis=timeline.genesis(dossier).hex(),
        head_seq=head[0],
        head=head[1].hex(),
        holds=not breaks,
        breaks=[ChainBreak(seq=one.seq, reason=one.reason) for one in breaks],
        links=[
            ChainLink(seq=one.seq, body=base64.b64encode(one.body).decode(), hash=one.hash.hex())
            for one in links
        ],
    )
