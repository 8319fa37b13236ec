"""The file of endpoints: what it says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from deliver.endpoints import ENDPOINTS_MAX, Endpoint, endpoints_of
from schemas.examples import ALERT, APPEAL_DECIDED
from streams.errors import SettingsError
from streams.settings import load
from tests.deliver.receiver import SECRET, SECRET_TEXT
from tests.tables import for_each


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(SECRET_TEXT + "\n")
    (tmp_path / "key").write_text("coop-key\n")
    (tmp_path / "url").write_text("https://hooks.slack.example/services/T/B/hidden\n")
    return tmp_path


def read(folder: Path, text: str, **environment: str) -> tuple[Endpoint, ...]:
    path = folder / "endpoints.toml"
    path.write_text(text.replace("FOLDER", str(folder)))
    return endpoints_of(load({"SAMEHAND_ENDPOINTS": str(path)}), environment)


GENERIC = '[endpoints.desk]\nurl = "https://hooks.example.org/a"\nsecret_file = "FOLDER/secret"\n'


def test_an_endpoint_is_a_url_a_secret_and_what_it_wants(folder: Path) -> None:
    more = 'bands = ["likely"]\npolicies = ["violent-extremism"]\nauthorities = ["UN"]\ntimeout_seconds = 3\n'
    [endpoint] = read(folder, GENERIC + more)
    assert (endpoint.name, endpoint.url, endpoint.shape) == ("desk", "https://hooks.example.org/a", "generic")
    assert (endpoint.secret, endpoint.timeout_seconds) == (SECRET, 3.0)
    assert endpoint.filter.takes(ALERT)
    assert not endpoint.filter.takes(replace(ALERT, band="possible"))
    assert not endpoint.filter.takes(replace(ALERT, matched=replace(ALERT.matched, policy=None)))
    assert not endpoint.filter.takes(replace(ALERT, matched=replace(ALERT.matched, basis=None)))


@pytest.mark.parametrize(
    ("line", "takes"),
    [
        ('platforms = ["x"]', True),
        ('platforms = ["telegram"]', False),
        ('queues = ["extremism", "spam"]', True),
        ('queues = ["spam"]', False),
        ("", True),
    ],
)
def test_filters_take_what_one_of_their_values_fits(folder: Path, line: str, takes: bool) -> None:
    [endpoint] = read(folder, GENERIC + line)
    assert endpoint.filter.takes(ALERT) is takes
    assert endpoint.filter.takes(APPEAL_DECIDED) is takes


def test_secrets_come_from_files_and_the_environment_and_are_never_shown(folder: Path) -> None:
    text = """
    [endpoints.env]
    url = "https://hooks.example.org/a"
    secret_env = "HOOK_SECRET"
    [endpoints.chat]
    url_file = "FOLDER/url"
    shape = "slack"
    [endpoints.coop]
    url = "https://coop.example.org/api/v1/items/async/"
    shape = "coop"
    key_file = "FOLDER/key"
    item_type = "samehand-alert"
    """
    env, chat, coop = read(folder, text, HOOK_SECRET=SECRET_TEXT)
    assert env.secret == SECRET
    assert chat.url.endswith("hidden")
    assert (coop.key, coop.item_type) == ("coop-key", "samehand-alert")
    shown = repr((env, chat, coop))
    assert "hidden" not in shown
    assert "coop-key" not in shown
    assert "MfKQ9" not in shown


@for_each(
    ("text", "told"),
    [
        ("", "names no endpoint: write a table [endpoints.NAME] for each"),
        ("[endpoints", "is not TOML"),
        ("[endpoints]", "names no endpoint"),
        ("[endpoints.Desk]\nurl = 'https://a.example'", "a name is of small letters"),
        (GENERIC + "uri = 'x'", "unknown field `uri`"),
        (GENERIC + "bands = ['certain']", "Invalid enum value 'certain'"),
        (GENERIC + "bands = 'likely'", "Expected `array`"),
        (GENERIC + "timeout_seconds = 300", "<= 25.0"),
        (GENERIC + "secret_env = 'X'", "exclude each other"),
        (GENERIC + "allow_networks = ['10.0.0.1/8']", "is no network"),
        (GENERIC + "ca_file = '/nowhere.pem'", "there is no such file"),
        (GENERIC + "url_file = 'FOLDER/url'", "needs url or url_file, and not both"),
        ("[endpoints.a]\nshape = 'slack'", "needs url or url_file"),
        ("[endpoints.a]\nurl = 'https://a.example'", "needs secret_file or secret_env"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_env = 'NOT_SET'", "NOT_SET is not set"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_file = '/nowhere'", "No such file"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_file = 'FOLDER/key'", "must be `whsec_`"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_file = '/dev/zero'", "larger than 16 KiB"),
        ("[endpoints.a]\nshape = 'coop'\nurl = 'https://a.example'", "needs key_file"),
        (GENERIC + "item_type = 'x'", "belong to shape coop"),
        (
            "[endpoints.a]\nshape = 'coop'\nurl = 'https://a.example'\nkey_file = 'FOLDER/key'\n"
            "item_type = 'x'\nappeals = true",
            "name another endpoint for appeals",
        ),
        (
            "[endpoints.a]\nshape = 'coop'\nurl = 'https://a.example'\nkey_file = 'FOLDER/key'\n"
            "item_type = 'x'\nwaves = true",
            "name another endpoint for waves",
        ),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'http://a.example'", "plain http only with allow_networks"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'ftp://a.example'", "must be https://"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://'", "must be https:// with a host"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://a.example:99999'", "is no URL"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://[::1'", "is no URL"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://u:p@a.example'", "must not hold a user"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://127.0.0.1/'", "no public address"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://[::ffff:169.254.169.254]/'", "no public address"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://a.example/\\nX: y'", "printable ASCII"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://ä.example/'", "printable ASCII"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_endpoint(folder: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(folder, text.replace("\\n", "\\\\n") if "X: y" in text else text)
    assert told in str(refused.value)
    assert str(refused.value).count("endpoints.toml: ") == 1
    assert "hidden" not in str(refused.value)
    assert "coop-key" not in str(refused.value)


def test_a_file_that_is_no_text_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError) as refused:
        endpoints_of(load({"SAMEHAND_ENDPOINTS": str(path)}), {})
    assert str(refused.value) == f"SAMEHAND_ENDPOINTS: {path}: is not UTF-8"


def test_a_process_takes_a_bounded_number(folder: Path) -> None:
    one = GENERIC.removeprefix("[endpoints.desk]")
    many = "\n".join(f"[endpoints.e{n}]{one}" for n in range(ENDPOINTS_MAX))
    assert len(read(folder, many)) == ENDPOINTS_MAX
    with pytest.raises(SettingsError, match="length <="):
        read(folder, f"{many}\n[endpoints.more]{one}")
    with pytest.raises(SettingsError, match="counts twice"):
        read(folder, f"{many}\nappeals = true")
    with pytest.raises(SettingsError, match="counts twice"):
        read(folder, f"{many}\nwaves = true")


def test_without_a_file_there_is_nothing_to_do() -> None:
    with pytest.raises(SettingsError, match="SAMEHAND_ENDPOINTS: is not set"):
        endpoints_of(load({}), {})
