"""Every setting, from the environment: `SAMEHAND_` and the field's name in capitals. Nothing else reads it.

Secrets come from files where they can (`…_FILE`), so that they stand in no process list; those that come from
the environment are `SecretStr`. A wrong setting is a `SettingsError` that names it and the reason, never its
value.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as NotParsed

from streams.errors import SettingsError
from streams.redis_address import RedisAddress, parse_redis_address

PREFIX: Final = "SAMEHAND_"
STORE_PREFIX: Final = r"^[A-Za-z0-9._:-]{1,64}$"
"""What may stand before keys in Redis: nothing that a pattern of keys means something by."""


Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Level = Literal["debug", "info", "warning", "error"]

_BROKER: Final = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/@,]{1,253}):\d{1,5}")  # DNS: 253
_COLLECTOR: Final = re.compile(r"https?://(\[[0-9A-Fa-f:]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?(/[^\s?#]*)?")
_DESK: Final = re.compile(r"https?://(\[[0-9A-Fa-f:]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?/?")
_LOCAL: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?/?")
_LOCAL_ISSUER: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/.*)?")
_FIELD_NAMED: Final = re.compile(r'field "(\w+)"')


SHARE_MAX: Final = 0.20
WINDOW_RECORDS: Final = 1_000
LETTERS_AT_LEAST: Final = 100
"""When dead letters stop a topic (:mod:`streams.deadletters.limit`)."""

LIKELY: Final = 0.9
POSSIBLE: Final = 0.5
"""The shipped thresholds: nine in ten that one hand wrote both, and as likely as not."""


class Bands(BaseModel):
    """Thresholds on the calibrated probability for bans under one policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    likely: Probability = LIKELY
    possible: Probability = POSSIBLE

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.possible > self.likely:
            raise ValueError("possible must not be above likely")
        return self


class Settings(BaseSettings):
    """What an operator can turn. Frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    # Kafka
    kafka_brokers: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1:9092",), min_length=1, description="Bootstrap addresses, separated by commas."
    )
    kafka_group: str = Field(
        "samehand", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Consumer group of the workers."
    )
    kafka_tls: bool = Field(False, description="Whether to speak TLS with the brokers.")
    kafka_ca_file: FilePath | None = Field(
        None, description="Certificates to trust (PEM); the system's without it."
    )
    kafka_cert_file: FilePath | None = Field(None, description="Our certificate (PEM), for mutual TLS.")
    kafka_key_file: FilePath | None = Field(None, description="The key of our certificate (PEM).")
    kafka_sasl_mechanism: Mechanism | None = Field(None, description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.")
    kafka_username: str | None = Field(None, description="SASL user.")
    kafka_password: SecretStr | None = Field(None, description="SASL password; better from a file.")
    kafka_password_file: FilePath | None = Field(None, description="File that holds the SASL password.")
    kafka_idempotence: bool = Field(
        True,
        description="Idempotent producer: its own retries write nothing twice.",
    )
    fetch_wait_ms: int = Field(
        10,
        ge=1,
        le=5000,
        description="Milliseconds that a fetch may wait for data; five times that while none comes.",
    )
    session_seconds: float = Field(
        6.0,
        ge=1.0,
        le=300.0,
        description="A worker silent for so long is dead for its group; a heartbeat a sixth of it.",
    )

    # Topics
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Before every topic's name."
    )
    topic_partitions: Count = Field(8, le=1000, description="Partitions of topics that are created.")
    topic_replication: Count = Field(
        1, le=9, description="Replicas of topics that are created; 3 in production."
    )
    topic_create: bool = Field(True, description="Whether the worker creates topics that are missing.")

    mappings: FilePath | None = Field(
        None, description="What becomes of other topics' records, for `samehand bridge`: a TOML file."
    )

    registry_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s@?#]{1,500}$",
        description="Schema registry of foreign topics in Avro or Protobuf; without a user in it.",
    )
    registry_username: str | None = Field(None, description="User of the schema registry.")
    registry_password_file: FilePath | None = Field(
        None, description="File that holds the schema registry's password."
    )
    registry_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for the schema registry (PEM); the system's without it."
    )

    endpoints: FilePath | None = Field(
        None, description="Where alerts go, for `samehand deliver`: a TOML file."
    )

    # Gate
    gate_host: str = Field("127.0.0.1", description="Address that `samehand gate` answers callers on.")
    gate_port: Port = Field(6070, description="Its port; /metrics and /health are on the port for watching.")
    gate_keys: Path | None = Field(
        None, description="File of the callers' keys, which `samehand keys` writes; digests alone."
    )
    gate_webhooks: FilePath | None = Field(
        None, description="Whose webhooks the gate takes, and how they are signed: a TOML file."
    )
    gate_deadline_ms: int = Field(
        150,
        ge=1,
        le=10_000,
        description="Milliseconds within which the gate scores, where a caller says none.",
    )

    # Redis
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="redis://, rediss://, unix://, sentinel://h1,h2/master or cluster://h1,h2.",
    )
    redis_username: str | None = Field(None, description="Redis ACL user.")
    redis_password: SecretStr | None = Field(None, description="Redis password; better from a file.")
    redis_password_file: FilePath | None = Field(None, description="File that holds the Redis password.")
    redis_sentinel_username: str | None = Field(
        None, description="User of the Sentinels themselves, where they let nobody in without."
    )
    redis_sentinel_password_file: FilePath | None = Field(
        None, description="File that holds the Sentinels' password."
    )
    redis_ca_file: FilePath | None = Field(None, description="Certificates to trust for Redis (PEM).")
    redis_cert_file: FilePath | None = Field(
        None, description="Our certificate for Redis (PEM), for mutual TLS."
    )
    redis_key_file: FilePath | None = Field(None, description="The key of our certificate for Redis (PEM).")
    redis_timeout_ms: int = Field(
        250, ge=10, le=60_000, description="Deadline of one Redis command, in milliseconds."
    )
    store_prefix: str = Field("samehand", pattern=STORE_PREFIX, description="Before every Redis key.")
    store_shards: Count = Field(
        1,
        le=256,
        description="Parts of the store; at least a Cluster's masters. Set once.",
    )
    store_bans: int = Field(
        1_000_000, ge=1_000, le=1_000_000_000, description="Bans the store is laid out for. Set once."
    )
    store_remembered: int = Field(
        1_000_000, ge=1_000, le=1_000_000_000, description="Remembered accounts it is laid out for. Set once."
    )
    pepper_file: FilePath | None = Field(
        None, description="File with the secrets that key personal values (`samehand doctor` says how)."
    )

    # Judging
    likely: Probability = Field(LIKELY, description="Least probability of the band `likely`.")
    possible: Probability = Field(
        POSSIBLE, description="Least probability of the band `possible`; below it no alert."
    )
    bands: dict[str, Bands] = Field(
        default_factory=dict,
        description='Other thresholds by policy, as JSON: {"spam": {"likely": 0.95, "possible": 0.7}}.',
    )
    cross_platform: bool = Field(True, description="Whether bans match accounts of other platforms.")
    late_ban_hours: int = Field(
        24,
        ge=1,
        le=400_000,
        description="A ban told so long after it took effect is known to the day; more to replay history.",
    )
    shadow: bool = Field(False, description="Score and count, but publish to alerts.shadow alone.")
    allowlist: FilePath | None = Field(
        None, description="Accounts that never alert, one platform:account_id a line."
    )

    weights: FilePath | None = Field(
        None, description="Another table of weights, as `samehand learn` proposes; without it the shipped."
    )
    shadow_weights: FilePath | None = Field(
        None,
        description="Weights counted beside those in force (samehand_shadow_weights_total); none alerts.",
    )
    sample_share: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Share of new accounts of which pairs below the bands go to alerts.sample; 0 is off.",
    )
    avatar_blocklist: FilePath | None = Field(
        None,
        description="Pictures that say nothing (defaults, stock): a PDQ hash in hexadecimal a line.",
    )

    # Delivery
    batch_records: int = Field(500, ge=1, le=5000, description="Most records in one batch.")
    linger_ms: float = Field(
        1.0, ge=0.0, le=1000.0, description="How long a lone event waits for company, in milliseconds."
    )
    letters_share: Share = Field(
        SHARE_MAX, description="Share of dead letters above which a topic stops; 1.0 never stops."
    )
    letters_window: Count = Field(
        WINDOW_RECORDS, le=1_000_000, description="Last records the share is taken over."
    )
    letters_at_least: int = Field(LETTERS_AT_LEAST, ge=0, description="Dead letters that never stop a topic.")
    stop_seconds: float = Field(
        20.0,
        ge=1.0,
        le=600.0,
        description="Longest graceful stop; then the process ends with its batch uncommitted.",
    )

    # Remembering
    remember_days: int = Field(
        30, ge=1, le=365, description="Days that new accounts are remembered for later bans."
    )
    remember_megabytes: int = Field(
        1_000,
        ge=1,
        le=10_000_000,
        description="Memory for remembered accounts; beyond it the oldest are forgotten, and counted.",
    )
    count_lag_hours: int = Field(
        24,
        ge=0,
        le=720,
        description="Hours until what accounts show makes it common; what others hand out does at once.",
    )
    dedup_days: int = Field(
        35, ge=1, le=400, description="Days that a published alert is known, longer than the above."
    )

    # The desk
    database_url: SecretStr = Field(
        SecretStr("sqlite:///samehand-desk.db"),
        description="Where the desk keeps decisions: sqlite:///FILE, or postgresql://user@host/name.",
    )
    database_password_file: FilePath | None = Field(
        None, description="File that holds PostgreSQL's password, so that it stands in no address."
    )
    desk_host: str = Field("127.0.0.1", description="Address that the desk is served on.")
    desk_port: Port = Field(6068, description="Its port.")
    desk_url: str = Field(
        "",
        description="The desk's address as browsers see it; https:// where it is not on this machine.",
    )
    desk_session_minutes: int = Field(
        30, ge=1, le=1_440, description="Minutes after which an idle session ends; twelve hours end any."
    )
    desk_blind_share: float = Field(
        0.15, ge=0.0, le=1.0, description="Share of alerts shown without score, band and weights."
    )
    desk_second_share: float = Field(
        0.05, ge=0.0, le=1.0, description="Share of decided alerts that a second person reads."
    )
    desk_undo_seconds: float = Field(
        10.0, ge=0.0, le=300.0, description="How long a decision can be undone before it is published."
    )
    desk_claim_seconds: float = Field(
        120.0, ge=10.0, le=3_600.0, description="How long an alert stays in somebody's hands without a sign."
    )
    desk_likely_minutes: float = Field(
        60.0, ge=1.0, le=100_000.0, description="Goal: minutes until a `likely` alert is decided."
    )
    desk_possible_minutes: float = Field(
        1_440.0, ge=1.0, le=100_000.0, description="Goal: minutes until a `possible` alert is decided."
    )
    desk_erase_days: int = Field(
        180, ge=1, le=3_650, description="Days after which quotes and notes of decided alerts are erased."
    )

    desk_oidc_issuer: str = Field(
        "",
        description="Who people sign in with (OpenID Connect), as it calls itself: https://id.example.org.",
    )
    desk_oidc_client_id: str = Field("", max_length=256, description="What it knows the desk by.")
    desk_oidc_client_secret_file: FilePath | None = Field(
        None, description="File that holds the secret that goes with it; a public client has none."
    )
    desk_oidc_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM); the system's without it."
    )
    desk_oidc_scopes: str = Field(
        "openid profile",
        pattern=r"^([!#-\[\]-~]+ )*openid( [!#-\[\]-~]+)*$",
        max_length=512,
        description="What is asked for, with blanks between; openid among it.",
    )
    desk_oidc_roles_claim: str = Field(
        "roles",
        pattern=r"^\S{1,256}$",
        description="Which claim of the id token tells the role; realm_access.roles lies within another.",
    )
    desk_oidc_roles: dict[str, Literal["moderator", "lead", "auditor"]] = Field(
        default_factory=dict,
        max_length=100,
        description='Its values and our roles, as JSON, the first that fits: {"desk-leads": "lead"}.',
    )

    # Watching
    web_host: str = Field("127.0.0.1", description="Address that /metrics and /health are served on.")
    web_port: Port = Field(6066, description="Their port.")
    log_level: Level = Field("info", description="debug, info, warning or error.")
    stuck_seconds: float = Field(
        120.0, ge=10.0, le=3600.0, description="Lag without progress for so long ends the process."
    )
    traces_url: str = Field(
        "",
        description="Where traces are sent, as OTLP over HTTP: http://collector:4318/v1/traces. Off without.",
    )
    traces_share: float = Field(
        0.01, ge=0.0, le=1.0, description="Share of events traced where their producer did not decide."
    )
    hang_seconds: float = Field(
        15.0,
        ge=1.0,
        le=600.0,
        description="A worker whose event loop stands still for so long is killed and started again.",
    )
    data_dir: Path | None = Field(
        None,
        description="Folder for what a worker had in hand as it ended; without it, none is remembered.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load` has read the environment already."""
        return (init_settings,)

    @field_validator("kafka_brokers", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        if isinstance(given, str):
            return tuple(part.strip() for part in given.split(",") if part.strip())
        return given

    @field_validator("kafka_brokers")
    @classmethod
    def _host_and_port(cls, brokers: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_BROKER.fullmatch(broker) for broker in brokers):
            raise ValueError("each must be host:port")
        return brokers

    @field_validator("redis_url")
    @classmethod
    def _known_address(cls, url: str) -> str:
        parse_redis_address(url)
        return url

    @field_validator("traces_url")
    @classmethod
    def _collector(cls, url: str) -> str:
        if url and not _COLLECTOR.fullmatch(url):
            raise ValueError("must be http:// or https:// with a host, and without a user in it")
        return url

    @field_validator("desk_url")
    @classmethod
    def _desk(cls, url: str) -> str:
        if url and not _DESK.fullmatch(url):
            raise ValueError("must be http:// or https:// with a host, and nothing behind it")
        if url.startswith("http:") and not _LOCAL.fullmatch(url):
            raise ValueError(
                "must be https:// where it is not this machine: sessions would be read on the way"
            )
        return url.rstrip("/")

    @field_validator("desk_oidc_issuer")
    @classmethod
    def _issuer(cls, url: str) -> str:
        if url and not _COLLECTOR.fullmatch(url):
            raise ValueError("must be https:// with a host, and without a user, a query or a fragment in it")
        if url.startswith("http:") and not _LOCAL_ISSUER.fullmatch(url):
            raise ValueError(
                "must be https:// where it is not this machine: anybody could sign in on the way"
            )
        return url

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if fault := next(self._contradictions(), None):
            raise ValueError(fault)
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.possible > self.likely:
            yield f"{PREFIX}POSSIBLE must not be above {PREFIX}LIKELY"
        if self.dedup_days < self.remember_days:
            yield f"{PREFIX}DEDUP_DAYS must not be below {PREFIX}REMEMBER_DAYS: alerts would be repeated"
        if self.kafka_sasl_mechanism and not (
            self.kafka_username and (self.kafka_password or self.kafka_password_file)
        ):
            yield f"{PREFIX}KAFKA_SASL_MECHANISM needs {PREFIX}KAFKA_USERNAME and {PREFIX}KAFKA_PASSWORD_FILE"
        if (self.kafka_cert_file is None) != (self.kafka_key_file is None):
            yield f"{PREFIX}KAFKA_CERT_FILE and {PREFIX}KAFKA_KEY_FILE go together"
        if (self.redis_cert_file is None) != (self.redis_key_file is None):
            yield f"{PREFIX}REDIS_CERT_FILE and {PREFIX}REDIS_KEY_FILE go together"
        if self.redis_cert_file and not self.redis.tls:
            yield f"{PREFIX}REDIS_CERT_FILE needs TLS: rediss:// or ?tls=true in {PREFIX}REDIS_URL"
        if self.redis_sentinel_username and not self.redis_sentinel_password_file:
            yield f"{PREFIX}REDIS_SENTINEL_USERNAME needs {PREFIX}REDIS_SENTINEL_PASSWORD_FILE"
        if self.redis_sentinel_password_file and self.redis.kind != "sentinel":
            yield f"{PREFIX}REDIS_SENTINEL_PASSWORD_FILE needs sentinel:// in {PREFIX}REDIS_URL"
        if self.desk_oidc_issuer and not (self.desk_oidc_client_id and self.desk_oidc_roles):
            yield (
                f"{PREFIX}DESK_OIDC_ISSUER needs {PREFIX}DESK_OIDC_CLIENT_ID and {PREFIX}DESK_OIDC_ROLES: "
                "without them nobody could sign in"
            )
        if not self.kafka_tls and (self.kafka_ca_file or self.kafka_cert_file):
            yield f"{PREFIX}KAFKA_CA_FILE and {PREFIX}KAFKA_CERT_FILE need {PREFIX}KAFKA_TLS=true"

    @property
    def redis(self) -> RedisAddress:
        """Where Redis is."""
        return parse_redis_address(self.redis_url)

    def database_secret(self) -> str | None:
        """PostgreSQL's password, of its file. Raises `SettingsError` when that cannot be read."""
        return _secret("DATABASE_PASSWORD", None, self.database_password_file)

    def desk_oidc_secret(self) -> str | None:
        """The desk's secret at the provider. Raises `SettingsError` when its file cannot be read."""
        return _secret("DESK_OIDC_CLIENT_SECRET", None, self.desk_oidc_client_secret_file)

    def kafka_secret(self) -> str | None:
        """The SASL password. Raises `SettingsError` when its file cannot be read."""
        return _secret("KAFKA_PASSWORD", self.kafka_password, self.kafka_password_file)

    def redis_secret(self) -> str | None:
        """The Redis password. Raises `SettingsError` when its file cannot be read."""
        return _secret("REDIS_PASSWORD", self.redis_password, self.redis_password_file)

    def registry_secret(self) -> str | None:
        """The schema registry's password. Raises `SettingsError` when its file cannot be read."""
        return _secret("REGISTRY_PASSWORD", None, self.registry_password_file)

    def sentinel_secret(self) -> str | None:
        """The Sentinels' password. Raises `SettingsError` when its file cannot be read."""
        return _secret("REDIS_SENTINEL_PASSWORD", None, self.redis_sentinel_password_file)


@dataclass(frozen=True, slots=True)
class Described:
    """One setting for people: its variable, its default as text, what it means."""

    name: str
    default: str
    meaning: str


class _Given(EnvSettingsSource):
    """The variables of any mapping, so that tests and `doctor` need not touch the process's own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        super().__init__(Settings, env_ignore_empty=True)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environment.items() if value != ""}


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of `environment`, by default the process's.

    Raises `SettingsError` with every fault at once.
    """
    try:
        return Settings(**_Given(os.environ if environment is None else environment)())
    except NotParsed as fault:
        raise SettingsError({_field_of(fault): "must be JSON"}) from None
    except ValidationError as fault:
        raise SettingsError(_faults(fault)) from None


def unknown_names(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables with our prefix that no setting reads, each with the nearest name that is read, or ""."""
    known = [name.upper() for name in Settings.model_fields]
    strangers = (name.removeprefix(PREFIX) for name in environment if name.startswith(PREFIX))
    # Without the prefix, which makes any two names alike.
    return {
        f"{PREFIX}{name}": next((f"{PREFIX}{near}" for near in difflib.get_close_matches(name, known, 1)), "")
        for name in strangers
        if name not in known
    }


def describe() -> list[Described]:
    """Every setting, in the order of the class, for docs/reference/settings.md and `doctor`."""
    return [
        Described(
            f"{PREFIX}{name.upper()}",
            _shown(field.get_default(call_default_factory=True)),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def _field_of(fault: NotParsed) -> str:
    found = _FIELD_NAMED.search(str(fault))
    return _variable(found.group(1)) if found else PREFIX


def _faults(fault: ValidationError) -> dict[str, str]:
    """By variable.

    A contradiction between settings names them itself, so it stands under the prefix alone.
    """
    faults: dict[str, str] = {}
    for error in fault.errors(include_url=False, include_context=False, include_input=False):
        where = [str(part) for part in error["loc"]]
        name = ".".join([_variable(where[0]), *where[1:]]) if where else PREFIX.rstrip("_")
        faults[name] = error["msg"].removeprefix("Value error, ")
    return faults


def _variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _secret(name: str, given: SecretStr | None, path: Path | None) -> str | None:
    if path is None:
        return given.get_secret_value() if given else None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError({f"{PREFIX}{name}_FILE": f"cannot be read ({type(fault).__name__})"}) from None


def _shown(default: object) -> str:
    if default is None or default == {}:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)
