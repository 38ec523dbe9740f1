"""Every setting of the product, read from the environment once, in the composition roots."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import SettingsInvalid
from schemas.producer_code import PRACTICE_PRODUCER, producer_code

NANO = "nano"
"""The value of a weights setting that means the bundled practice models."""

AUTO = "auto"
"""The value of `clip` that means the CLIP that goes with the generator's weights."""


class Section(BaseModel):
    """Base of the settings' sections: frozen, refuses misspelt fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CoreSettings(Section):
    """Where the core is, and which weights it serves."""

    url: str | None = Field(default=None, pattern=r"^https?://[^\s/]")
    """Address of a running core; when unset, whoever needs one starts it on this machine."""
    host: str = "127.0.0.1"
    port: int = Field(default=8188, ge=0, le=65535)
    turbo: str = NANO
    """`nano`, a folder saved by diffusers, or a hub id such as Tongyi-MAI/Z-Image-Turbo."""
    base: str = NANO
    """The same for Base, such as Tongyi-MAI/Z-Image."""
    clip: str = AUTO
    """`auto`, `nano`, a folder with an open_clip configuration, open_clip's NAME:TAG, or hf-hub:ORG/NAME."""
    calibration: Path | None = None
    """File that `packshot calibrate` saved; the shipped one that fits the CLIP when unset."""
    checks: str = Field(default="", pattern=r"^[a-z, ]*$")
    """Optional checks after commas: `ocr`, `safety`, `cutout`; they need packshot[checks]."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`, `cpu` or `cuda`."""
    queue_limit: int = Field(default=256, ge=1)
    """Jobs waiting at most; one more is answered 429."""
    batch_width: int = Field(default=4, ge=1, le=64)
    """Jobs that one forward pass may serve at most."""
    batching: Literal["proven", "fixed", "throughput"] = "proven"
    """`proven`: only widths seen to give each picture the bytes it has alone; `fixed`; `throughput`."""
    parked_limit: int = Field(default=64, ge=1)
    """Jobs that may have begun and not ended; their latents are on the device."""
    adapters: Path | None = None
    """Folder of LoRA files, NAME.safetensors each."""
    memory: Literal["auto", "full", "encoder_apart", "casting", "offload"] = "auto"
    """What is done so that the weights fit; `auto` chooses from the free memory."""
    memory_gb: float | None = Field(default=None, gt=0)
    """Gigabytes of models on the device at most; least recently used ones leave."""
    acceleration: Literal["eager", "compile", "graphs", "compiled_graphs"] = "eager"
    """How steps are run on a GPU; anything but `eager` changes bytes, and the provenance says so."""
    attention: str = Field(default="native", pattern=r"^[a-z0-9_]+$")
    """diffusers' name of the attention kernel, such as `_native_cudnn` or `_flash_3`."""
    fp8: bool = False
    """Matrix products in float8; needs packshot[gpu] and compute capability 8.9."""
    idle_unload_s: float | None = Field(default=None, gt=0)
    """Seconds without a job after which a model leaves the device."""
    hang_limit_s: float = Field(default=60.0, gt=0)
    """Seconds that one pass may take before the device is given up and the process replaced."""
    picture_format: Literal["png", "webp"] = "png"
    """File format of the pictures that leave the core; both keep every pixel."""
    render_timeout_s: float = Field(default=300.0, gt=0)
    """Seconds a client waits for one picture."""
    keys: Path | None = None
    """File of API keys as `packshot core key` writes it; needed unless `host` is loopback."""
    key: SecretStr | None = None
    """The API key that a client of the core sends."""
    key_file: Path | None = None
    """File that holds that key, where a secret is mounted as a file."""
    tenant_per_minute: int | None = Field(default=None, ge=1)
    """Requests for the device that one tenant may send a minute."""
    tenant_in_flight: int | None = Field(default=None, ge=1)
    """Requests for the device that one tenant may have under way."""


class CatalogSettings(Section):
    """Where records and pictures are kept; both default to the folder that a command is given."""

    url: SecretStr | None = None
    """SQLAlchemy address such as postgresql+psycopg://...; SQLite in the output folder when unset."""
    url_file: Path | None = None
    """File that holds that address, where a secret is mounted as a file."""
    store: str | None = Field(default=None, min_length=1)
    """Folder or s3://bucket/prefix of the asset store; `assets` in the output folder when unset."""

    def address(self) -> str | None:
        """Return the database's address from `url`, else from `url_file`; None when neither is set.

        Raises SettingsInvalid when the file cannot be read or is empty.
        """
        if self.url is not None or self.url_file is None:
            return self.url.get_secret_value() if self.url else None
        try:
            address = self.url_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(
                f"The catalog's address file {self.url_file} cannot be read: {error}."
            ) from error
        if not address:
            raise SettingsInvalid(
                f"The catalog's address file {self.url_file} is empty; it holds the database's address."
            )
        return address


class RuleSettings(Section):
    """Whose rule tables write the prompts."""

    tables: Path | None = None
    """Folder of the rule tables; the packaged ones when unset."""


class RecipeSettings(Section):
    """Whose channel recipes decide which files are made."""

    table: Path | None = None
    """The recipe table (CSV); the packaged one when unset."""
    cutout: bool = False
    """Whether a small network finds the product in scenes, about a second a shot; needs packshot[checks]."""
    largest_side: int = Field(default=2048, ge=512, le=2048)
    """Longest side in px that the released model is asked for; slots that need more are enlarged."""


class LabelSettings(Section):
    """Who the AI label in each file names, and how a visible one is drawn."""

    producer: Annotated[str, AfterValidator(producer_code)] = PRACTICE_PRODUCER
    """ContentProducer of TC260:AIGC: the 27-character code, or a name (GB 45438-2025 Annex E)."""
    requested_by: str = Field(default="", max_length=200)
    """Who asked for files without a visible label where a slot forbids it (labelling measures, art. 9)."""
    font: Path | None = None
    """Font file for the visible label and for copy text; the system's own folders are searched when unset."""


class BrandSettings(Section):
    """What copy text on posters looks like."""

    kit: Path | None = None
    """Folder of the brand kit (kit.toml with its logo and fonts); a plain kit when unset."""


class SigningSettings(Section):
    """The certificate that signs each file's C2PA manifest; nothing is signed when unset."""

    certificate: Path | None = None
    """PEM file: the signing certificate first, then those that vouch for it."""
    key: Path | None = None
    """PEM file of its private key, readable by the product alone."""
    key_password: SecretStr | None = None
    """Password of the key file, when it has one."""
    tsa: str | None = Field(default=None, pattern=r"^https?://[^\s/]")
    """Address of a time stamp authority; without one a signature ends with its certificate."""


class FlowSettings(Section):
    """How much of a campaign is in flight."""

    chunk_size: int = Field(default=16, ge=1, le=64)
    """Shots in one Prefect task."""
    chunks_in_flight: int = Field(default=4, ge=1, le=16)
    """Tasks at work at a time; while one scores and exports, the others keep the core busy."""
    export_workers: int = Field(default=2, ge=0, le=64)
    """Processes that make renditions; 0 makes them in the flow's own."""
    shot_link: str | None = Field(default=None, pattern=r"^https?://[^\s]*\{shot\}[^\s]*$")
    """Address of a shot's page with {shot} for its id; the gallery of the workspace when unset."""
    policy: Path | None = None
    """File with the gate, plan and limits that pictures are judged by; the packaged policy when unset."""
    patience_s: float = Field(default=45.0, ge=0)
    """Seconds a run waits for shots that another run holds; a dead one's come back after 30."""


class CostSettings(Section):
    """What work costs, for estimates and reports."""

    device_hour: float = Field(default=3.0, ge=0)
    """Price of one device for an hour."""
    reviewer_minute: float = Field(default=0.5, ge=0)
    """Price of a person's minute."""
    review_s: float = Field(default=15.0, ge=0)
    """Seconds that a person needs for one picture."""
    wrong_picture: float = Field(default=20.0, ge=0)
    """What it costs when a wrong picture is published: returns, a refused listing, making it anew."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """Three letters that reports put behind sums."""


class WebhookSettings(Section):
    """Where webhooks may go; https on 443 to public addresses when nothing is said."""

    permit: str = ""
    """Networks that may be called although they are not public, such as `10.1.0.0/16,192.168.7.0/24`."""
    ports: str = Field(default="443", pattern=r"^\d{1,5}(,\d{1,5})*$")
    """Ports that may be called."""
    plain_http: bool = False
    """Whether http:// may be called too."""


class StudioSettings(Section):
    """How the studio is reached, who may come in, and how pictures are reviewed."""

    host: str = "127.0.0.1"
    port: int = Field(default=8189, ge=0, le=65535)
    hosts: str = ""
    """Further names that the studio answers to, after commas; loopback and `host` always count."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+$")
    """Address that people know the studio by, for links in messages."""
    door: Literal["auto", "open", "users", "proxy"] = "auto"
    """`open` (loopback alone), `users`, `proxy`; `auto` is `users` once there are some, else `open`."""
    proxies: str = ""
    """Addresses that the trusted proxy calls from, after commas."""
    proxy_header: str = Field(default="x-forwarded-user", pattern=r"^[a-z0-9-]+$")
    """The header in which that proxy says who it is."""
    secret_file: Path | None = None
    """File of the secret that sessions are signed with; made in the workspace when unset."""
    prefect_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]")
    """Prefect's API, such as http://127.0.0.1:4200/api, that new work is told to."""
    prefect_auth_file: Path | None = None
    """File with the `user:password` that Prefect's API asks for."""
    prefect_pages: str | None = Field(default=None, pattern=r"^https?://[^\s/]")
    """Prefect's pages as people reach them, when that is not `prefect_url` without `/api`."""
    four_eyes: bool = False
    """Whether nobody may review what they submitted."""
    overlap: float = Field(default=0.1, ge=0, le=1)
    """Share of the sampled pictures that two people look at, neither knowing of the other."""


class RetentionSettings(Section):
    """After how many days `housekeeping` removes what nobody needs."""

    runs_days: float = Field(default=30.0, gt=0)
    """Finished runs in Prefect, with their logs and artifacts."""
    temporary_days: float = Field(default=1.0, gt=0)
    """Temporary files of writers that died, and files in the store that no record names."""
    rejected_days: float = Field(default=90.0, gt=0)
    """Pictures that were rejected, once their shot has an accepted one; their records stay."""
    thumbnails_days: float = Field(default=30.0, gt=0)
    """Thumbnails that nobody looked at; they are made again when somebody does."""
    thumbnails_gb: float = Field(default=2.0, gt=0)
    """Gigabytes of thumbnails at most; the longest unused ones go first."""


class LogSettings(Section):
    """What processes say of their steps."""

    steps: Literal["none", "json"] = "none"
    """`json`: a line on standard error for each step, as `packshot up` has it; `none`: nothing."""


class Settings(BaseSettings):
    """All settings; PACKSHOT_CORE__TURBO=... sets `core.turbo`."""

    model_config = SettingsConfigDict(
        env_prefix="PACKSHOT_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    core: CoreSettings = CoreSettings()
    catalog: CatalogSettings = CatalogSettings()
    label: LabelSettings = LabelSettings()
    brand: BrandSettings = BrandSettings()
    signing: SigningSettings = SigningSettings()
    rules: RuleSettings = RuleSettings()
    recipes: RecipeSettings = RecipeSettings()
    flows: FlowSettings = FlowSettings()
    costs: CostSettings = CostSettings()
    webhooks: WebhookSettings = WebhookSettings()
    studio: StudioSettings = StudioSettings()
    retention: RetentionSettings = RetentionSettings()
    logs: LogSettings = LogSettings()


PREFIX = "PACKSHOT_"


def settings_from(environ: dict[str, str]) -> Settings:
    """Build Settings from `environ` alone; raise SettingsInvalid naming each misspelt or unusable setting."""
    sections: dict[str, Any] = {}
    strange = []
    for name, value in environ.items():
        if not name.startswith(PREFIX):
            continue
        section, _, field = name.removeprefix(PREFIX).lower().partition("__")
        known = Settings.model_fields.get(section)
        fields = getattr(known.annotation, "model_fields", {}) if known else {}
        if field not in fields:
            strange.append(name)
        else:
            sections.setdefault(section, {})[field] = value
    if strange:
        raise SettingsInvalid(
            f"There is no setting {', '.join(sorted(strange))}; docs/settings.md lists all."
        )
    try:
        return Settings.model_validate(sections)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "__".join(str(part).upper() for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise SettingsInvalid(f"{name} cannot be used: {problem}.") from error
