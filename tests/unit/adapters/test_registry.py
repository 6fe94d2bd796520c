"""What an installation says about a partner, beside the partner's contract."""

import pytest
from partners import DOSSIER, NOW, REPORT

from adapters import registry
from adapters.registry import PartnerSettings
from engine.errors import OperationUnknown, PartnerUnknown, SettingsError


def test_public_settings_stand_in_place_of_the_contracts() -> None:
    partners = registry.load(settings={"portal": PartnerSettings(values={"madonvi": "000.00.00.H56"})})
    inputs = {"report": REPORT}
    composed = partners.compose(
        "portal", "CapNhatTienDoHoSoMC", inputs, dossier=DOSSIER, call_key="k", now=NOW
    )
    assert isinstance(composed.body, dict)
    assert composed.body["madonvi"] == "000.00.00.H56"


def test_a_setting_that_the_contract_does_not_have_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="madonv is no setting"):
        registry.load(settings={"portal": PartnerSettings(values={"madonv": "x"})})


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="endpoint portal"):
        registry.load(settings={"portal": PartnerSettings(url="portal.gov.vn")})


@pytest.mark.parametrize("name", ["nobody", "../portal", "", "Portal"])
def test_a_name_that_is_no_partner_is_unknown(name: str) -> None:
    with pytest.raises(PartnerUnknown):
        registry.load().terms(name, "x")


def test_an_operation_that_is_none_is_unknown() -> None:
    with pytest.raises(OperationUnknown):
        registry.load().terms("portal", "XoaHoSo")


def test_simulated_feeds_are_read_every_second_and_real_ones_as_their_contract_says() -> None:
    real = {terms.name: terms.every_s for terms in registry.load().feeds()}
    played = {terms.name: terms.every_s for terms in registry.load(simulators="http://127.0.0.1:1").feeds()}
    assert real == {"LayKetQua": 60.0, "tracking": 300.0}
    assert played == {"LayKetQua": 1.0, "tracking": 1.0}
