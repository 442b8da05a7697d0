"""What a alerts process is told from outside; secrets have no default."""

from pydantic import PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.revision import SchemaRange

SCHEMA = SchemaRange(service="alerts", lowest=3, known=4)


class WorkerSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    kafka: str
    alerts_worker_database_url: PostgresDsn
    # Where the rows are saved: file:///a/folder, s3://a-bucket/a-prefix.
    checkpoints: str
    health_port: int = 9101
    health_host: str = "127.0.0.1"


class WebSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    alerts_web_database_url: PostgresDsn
    jwks_file: str
    issuer: str
    session_key: SecretStr
    public_url: str
    kafka: str
    # 32 bytes as 64 hexadecimal digits: the secret under which telephone numbers are hashed.
    identity_key: SecretStr
    identity_key_id: str
