"""What backend and bot are started with: everything that is set, a stand-in for the rest."""

import stat
import subprocess
from pathlib import Path

import jwt
import pytest

import backend.settings
import bot.settings
from sandbox.__main__ import main
from sandbox.postgres.cluster import EmbeddedPostgres
from sandbox.runner.environment import (
    REST_API,
    SETTINGS,
    made_up_secrets,
    names_a_database,
    read_environment,
    require_complete_services,
    with_stand_ins,
    write_environment,
)
from sandbox.runner.failures import CannotStart
from sandbox.runner.ports import Ports, ports_of

PORTS = Ports(backend=18080, sandbox=18090)
SANDBOX = "http://127.0.0.1:18090"


def stood_in(folder: Path, **configured: str) -> dict[str, str]:
    return with_stand_ins(configured, PORTS, folder)


def test_with_nothing_set_backend_and_bot_have_all_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in stood_in(tmp_path, SUPABASE_DB_URL="postgresql://x@/y").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert not backend.settings.Settings.from_environment().livemode
    assert bot.settings.read_settings().backend_url == "http://127.0.0.1:18080"


def test_the_example_file_names_every_setting_there_is() -> None:
    fields = {*backend.settings.Settings.model_fields, *bot.settings.Settings.model_fields}
    assert {field.upper() for field in fields} - SETTINGS == set()


def test_what_is_set_is_used_and_only_the_rest_is_stood_in(tmp_path: Path) -> None:
    environment = stood_in(tmp_path, STRIPE_SECRET_KEY="sk_test_mine", PUBLIC_URL="https://me.test")
    assert environment["STRIPE_SECRET_KEY"] == "sk_test_mine"
    assert "STRIPE_API_BASE" not in environment
    assert environment["PUBLIC_URL"] == "https://me.test"
    assert environment["TELEGRAM_API_BASE"] == SANDBOX


def test_a_database_of_our_own_stands_in_unless_a_whole_way_to_one_is_set() -> None:
    for name in ("SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"):
        assert names_a_database({"SUPABASE_URL": "u", name: "k", "SUPABASE_JWT_SECRET": "s"})
    assert names_a_database({"SUPABASE_DB_URL": "postgresql://x"})
    assert not names_a_database({"SUPABASE_URL": "u", "SUPABASE_JWT_SECRET": "s"})


def test_what_everything_runs_with_is_kept_for_a_shell_and_for_nobody_else(tmp_path: Path) -> None:
    write_environment(tmp_path, {"STRIPE_SECRET_KEY": "sk_test_'$(x)", "PATH": "/bin"})
    shell = [
        "bash",
        "-c",
        'set -a; . "$0"; printenv STRIPE_SECRET_KEY',
        str(tmp_path / "environment"),
    ]
    assert subprocess.check_output(shell, text=True) == "sk_test_'$(x)\n"
    assert "PATH" not in (tmp_path / "environment").read_text()
    assert stat.S_IMODE((tmp_path / "environment").stat().st_mode) == 0o600


def test_a_service_without_its_key_is_ours_as_a_whole(tmp_path: Path) -> None:
    environment = stood_in(
        tmp_path, STRIPE_WEBHOOK_SECRET="whsec_mine", TELEGRAM_API_BASE="https://elsewhere.test"
    )
    assert environment["STRIPE_WEBHOOK_SECRET"] != "whsec_mine"
    assert environment["STRIPE_API_BASE"] == environment["TELEGRAM_API_BASE"] == SANDBOX


def test_secrets_are_made_up_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    assert made_up_secrets(tmp_path) == made_up_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    (other := tmp_path / "other").mkdir()
    assert set(made_up_secrets(other).values()).isdisjoint(made_up_secrets(tmp_path).values())


def test_the_environment_wins_over_the_file_and_empty_means_unset(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HOST=0.0.0.0\nPORT=1\nBOT_API_SECRET=\n")
    assert read_environment({"PORT": "2"}, tmp_path / ".env") == {"HOST": "0.0.0.0", "PORT": "2"}  # noqa: S104


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_a_live_key_stops_the_sandbox_wherever_it_is_set(key: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="STRIPE_SECRET_KEY is a live key"):
        read_environment({"STRIPE_SECRET_KEY": key}, tmp_path / ".env")
    (tmp_path / ".env").write_text(f"STRIPE_SECRET_KEY={key}\n")
    with pytest.raises(CannotStart, match="STRIPE_SECRET_KEY is a live key"):
        read_environment({}, tmp_path / ".env")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8080.0"])
def test_a_port_that_is_none_is_told(port: str) -> None:
    with pytest.raises(CannotStart, match="SANDBOX_PORT"):
        ports_of({"SANDBOX_PORT": port})


def test_a_shell_with_the_settings_of_a_sandbox_starts_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = EmbeddedPostgres(tmp_path / "postgres").database_url()
    monkeypatch.setenv("SUPABASE_DB_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert main(["run"]) == 2
    assert "this shell has loaded .data/environment" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("role", "subject"),
    [("owner", "1001"), ("stranger", "1003"), ("ben", "1002"), ("ira", "1004")],
)
def test_a_token_speaks_for_its_persona(
    role: str,
    subject: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("SUPABASE_URL", "SUPABASE_JWT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    secret = made_up_secrets(tmp_path)["SUPABASE_JWT_SECRET"]
    assert main(["token", role]) == 0
    token = capsys.readouterr().out.strip()
    claims = jwt.decode(token, secret, ["HS256"], audience="authenticated")
    assert claims["sub"].endswith(subject)
    assert claims["exp"] - claims["iat"] == 3600
    elsewhere = with_stand_ins({}, PORTS, tmp_path)
    assert claims["iss"] == f"{elsewhere['SUPABASE_URL']}/auth/v1"  # whatever the ports are


def test_there_is_no_token_before_anything_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))
    assert main(["token", "owner"]) == 2
    assert "make run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("configured", "next_steps"),
    [
        (
            {"STRIPE_SECRET_KEY": "sk_test_abc"},
            ["STRIPE_WEBHOOK_SECRET to what `stripe listen", "the sandbox needs no key."],
        ),
        (
            {"SUPABASE_SECRET_KEY": "sb_secret_x", "SUPABASE_URL": "https://abc.supabase.co"},
            ["Set SUPABASE_JWT_SECRET, or SUPABASE_DB_URL", "the sandbox needs no project."],
        ),
        (
            {"SUPABASE_SERVICE_ROLE_KEY": "sb_secret_x"},
            ["without SUPABASE_JWT_SECRET and SUPABASE_URL: ", "the sandbox needs no project."],
        ),
    ],
)
def test_a_service_that_is_set_in_part_ends_with_the_next_step(
    configured: dict[str, str],
    next_steps: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**configured, "DATA_DIR": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    assert main(["run"]) == 2
    errors = capsys.readouterr().err.strip()
    assert errors.endswith(next_steps[-1])
    assert all(step in errors for step in next_steps)
    assert not (tmp_path / "data").exists()


def test_both_secrets_of_stripe_or_a_database_of_ones_own_are_complete() -> None:
    own = {"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_WEBHOOK_SECRET": "whsec_abc"}
    require_complete_services(own, PORTS)
    require_complete_services({"STRIPE_WEBHOOK_SECRET": "whsec_abc"}, PORTS)
    for database in ({"SUPABASE_DB_URL": "postgresql://x"}, dict.fromkeys(REST_API, "x")):
        require_complete_services({"SUPABASE_SECRET_KEY": "sb_secret_x", **database}, PORTS)
