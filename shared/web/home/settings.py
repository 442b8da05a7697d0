"""What the web process is told for its pages; secrets have no default."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class HomeSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True)

    public_url: str
    session_key: SecretStr
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: SecretStr
    ready_users: Path | None = None
    """A file with the local stack's people, whom the login page lists."""
