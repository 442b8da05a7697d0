"""What a ticketing process is told from outside; secrets have no default."""

from pathlib import Path

from pydantic import IPvAnyNetwork, PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.revision import SchemaRange

SCHEMA = SchemaRange(service="ticketing", lowest=3, known=4)


class WorkerSettings(BaseSettings):
    """Without `smtp` mails wait; `webhook_secrets` is a folder with a file for each secret."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    kafka: str
    ticketing_worker_database_url: PostgresDsn
    health_port: int = 9101
    health_host: str = "127.0.0.1"
    smtp: SecretStr | None = None
    mail_from: str = "holdfast@localhost"
    public_url: str = "http://127.0.0.1:8080"
    webhook_secrets: Path | None = None
    webhook_networks: tuple[IPvAnyNetwork, ...] = ()


class WebSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    ticketing_web_database_url: PostgresDsn
    jwks_file: str
    issuer: str
    session_key: SecretStr
    public_url: str
