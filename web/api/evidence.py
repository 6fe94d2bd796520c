"""A dossier's proof as an answer: every stored byte that was hashed, the anchors that hold it, whether it all holds."""

import base64

from engine.dossiers import timeline
from engine.dossiers.anchors import Anchored
from engine.queries.evidence import Proof
from web.api.dossier_models import AnchorProof, ChainBreak, ChainLink, Evidence, PathStep


def told(proof: Proof) -> Evidence:
    """What a stranger needs to compute every hash again."""
    return Evidence(
        dossier=proof.dossier,
        algorithm="sha256",
        genesis=timeline.genesis(proof.dossier).hex(),
        head_seq=proof.head[0],
        head=proof.head[1].hex(),
        holds=not proof.breaks,
        breaks=[ChainBreak(seq=one.seq, reason=one.reason) for one in proof.breaks],
        links=[
            ChainLink(seq=one.seq, body=base64.b64encode(one.body).decode(), hash=one.hash.hex())
            for one in proof.links
        ],
        anchors=[_anchor(one) for one in proof.anchored],
    )


def _anchor(one: Anchored) -> AnchorProof:
    return AnchorProof(
        number=one.anchor.number,
        at=one.at,
        seq=one.head.seq,
        head=one.head.hash.hex(),
        path=[
            PathStep(side="left" if side == "left" else "right", hash=hash_.hex()) for side, hash_ in one.path
        ],
        body=base64.b64encode(one.anchor.body).decode(),
        previous=one.previous.hex(),
        hash=one.anchor.hash.hex(),
    )
