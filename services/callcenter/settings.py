"""What a callcenter process is told from outside; secrets have no default."""

from pydantic import PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.revision import SchemaRange

SCHEMA = SchemaRange(service="callcenter", lowest=3, known=4)


class WorkerSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    kafka: str
    callcenter_worker_database_url: PostgresDsn
    health_port: int = 9101
    health_host: str = "127.0.0.1"


class WebSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    callcenter_web_database_url: PostgresDsn
    jwks_file: str
    issuer: str
    session_key: SecretStr
    public_url: str
