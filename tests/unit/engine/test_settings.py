"""Settings come from the environment once, precisely, or the start is refused."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from engine import settings
from engine.errors import SettingsError


def refused(**environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings.read(environment)
    return caught.value.message


def test_an_empty_environment_gives_the_defaults() -> None:
    assert settings.read({}) == settings.Settings()


def test_each_group_is_filled_from_its_own_variables() -> None:
    found = settings.read(
        {
            "LIENTHONG_WORKER_POLL_S": "0.25",
            "LIENTHONG_WEB_PORT": "9000",
            "LIENTHONG_SIMULATE": "yes",
            "LIENTHONG_PARTNERS_PATH": "/a:/b",
            "DATABASE_URL": "postgresql://db/lienthong",
            "PATH": "/bin",
        }
    )
    assert (found.worker.poll_s, found.web.port, found.simulate) == (0.25, 9000, True)
    assert found.partners_path == (Path("/a"), Path("/b"))
    assert found.database.url == "postgresql://db/lienthong"


def test_an_empty_variable_is_a_variable_that_is_not_set() -> None:
    assert settings.read({"LIENTHONG_WEB_PORT": ""}).web.port == settings.Web().port


def test_an_unknown_variable_is_refused_and_the_nearest_one_named() -> None:
    message = refused(LIENTHONG_WORKER_POL_S="1")
    assert "LIENTHONG_WORKER_POL_S" in message
    assert "LIENTHONG_WORKER_POLL_S" in message


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LIENTHONG_WEB_PORT", "http", "whole number"),
        ("LIENTHONG_WORKER_POLL_S", "soon", "not a number"),
        ("LIENTHONG_WORKER_POLL_S", "-1", "less than"),
        ("LIENTHONG_WORKER_POLL_S", "nan", "not finite"),
        ("LIENTHONG_SIMULATE", "maybe", "neither yes nor no"),
    ],
)
def test_a_value_that_cannot_be_understood_is_refused_by_name(name: str, value: str, says: str) -> None:
    message = refused(**{name: value})
    assert name in message
    assert says in message


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://db/x\n", encoding="utf-8")
    assert settings.read({"DATABASE_URL_FILE": str(file)}).database.url == "postgresql://db/x"


def test_a_secret_given_twice_or_in_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "not both" in refused(DATABASE_URL="a", DATABASE_URL_FILE="b")
    assert "cannot be read" in refused(DATABASE_URL_FILE=str(tmp_path / "none"))


def test_what_is_no_secret_has_no_file_form() -> None:
    assert "no such setting" in refused(LIENTHONG_WEB_PORT_FILE="x")


def test_partners_are_overridden_by_name() -> None:
    found = settings.read(
        {
            "LIENTHONG_PARTNER_CIVIL_STATUS_URL": "http://127.0.0.1:1/",
            "LIENTHONG_PARTNER_POST_SECRET": "s3",
        }
    )
    assert found.partners["civil_status"].url == "http://127.0.0.1:1/"
    assert found.partners["post"].secret == "s3"
    assert "s3" not in repr(found)


def test_public_settings_of_a_partner_are_one_json_object() -> None:
    found = settings.read({"LIENTHONG_PARTNER_PORTAL_SETTINGS": '{"madonvi": "000.00.00.H56"}'})
    assert found.partners["portal"].values == {"madonvi": "000.00.00.H56"}
    assert "no JSON" in refused(LIENTHONG_PARTNER_PORTAL_SETTINGS="madonvi=1")
    assert "a JSON object" in refused(LIENTHONG_PARTNER_PORTAL_SETTINGS="[1]")


def test_the_effective_settings_show_no_secret() -> None:
    found = settings.read({"DATABASE_URL": "postgresql://u:pw@db/x"})
    shown = {variable.name: value for variable, value in settings.effective(found)}
    assert shown["DATABASE_URL"] == "(set)"
    assert shown["LIENTHONG_WEB_PORT"] == 8080


def test_every_setting_says_what_it_means() -> None:
    assert all(variable.about for variable, _ in settings.effective(settings.Settings()))


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        settings.Settings().log_level = "debug"  # type: ignore[misc]
