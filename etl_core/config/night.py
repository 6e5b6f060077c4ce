"""Settings of what a night needs beside its deliveries: when they are due, who is told, and what is kept of a run."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from etl_core.config.section import Name, Place, Section


class Due(Section):
    """报送期限｜when deliveries of a source are due: every month, every term, or on certain days."""

    every: Literal["month", "term"] | None = None
    """month 每月，term 每学期｜month, or term: of the school year, which has two."""

    day: int = Field(default=1, ge=1, le=31)
    """every: month 时每月几日；当月没有这一日则为月末｜day of the month; its last day in a shorter month."""

    terms: tuple[str, ...] = ("01-20", "07-10")
    """every: term 时各学期的截止日（月-日）｜the days (month-day) on which the terms' deliveries are due."""

    dates: tuple[date, ...] = Field(default=(), validate_default=True)
    """逐个列出的截止日（YYYY-MM-DD）｜the days themselves, where there is no rule."""

    grace_days: int = Field(default=5, ge=0, le=366)
    """截止后宽限几天才算迟报｜so many days after the day a delivery counts as late."""

    least: float = Field(default=0.5, ge=0, le=1)
    """一期行数少于往期中位数的这一比例即提示偏少；0 为不检查｜a period with fewer rows than this share of the usual
    (the median of earlier periods) is told as shrunken; 0 looks at no rows."""

    @field_validator("dates")
    @classmethod
    def _one_way_to_say_it(cls, dates: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        if bool(dates) == bool(info.data.get("every")):
            raise PydanticCustomError(
                "due", "every 和 dates 须写且只写一项｜write either every or dates, and not both"
            )
        return dates

    @field_validator("terms")
    @classmethod
    def _days_of_a_year(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        for term in terms:
            try:
                date.fromisoformat(f"2023-{term}")
            except ValueError:
                raise PydanticCustomError(
                    "due", "应为 月-日，如 07-10｜must be month-day, such as 07-10"
                ) from None
        return terms


class Runs(Section):
    """运行记录｜the records of runs."""

    folder: Place | None = None
    """每次运行写一个 JSON 文件的文件夹；没有变化的运行只记在这里｜folder that gets one JSON file a run; a run that changed
    nothing is kept here only."""


def _plain(value: object) -> Any:
    """A setting as a channel needs it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


class Mail(Section):
    """邮件｜alerts by e-mail."""

    host: str
    """SMTP 服务器｜the mail server."""

    port: int = Field(default=587, ge=1, le=65_535)
    """端口｜its port."""

    security: Literal["starttls", "tls", "none"] = "starttls"
    """加密方式；none 只宜用于本机｜how the connection is encrypted; none is for this machine only."""

    ca_file: Place | None = None
    """服务器证书的签发者（PEM）；缺省用系统的｜who signed the server's certificate; the system's list when left out."""

    user: str | None = None
    """登录用户；缺省不登录｜who logs in; nobody when left out."""

    password: SecretStr | None = None
    """口令，宜写成 ${变量}｜the password, best as a ${VARIABLE}."""

    password_file: Place | None = None
    """存放口令的文件；先于 password｜a file that holds the password; it comes before `password`."""

    sender: str
    """发件人地址｜the sender's address."""

    to: tuple[str, ...] = Field(json_schema_extra={"minItems": 1})
    """收件人地址｜the addresses of those who are told."""


class Webhook(Section):
    """网络钩子｜alerts as a JSON POST."""

    url: SecretStr
    """接收地址（http 或 https）；其中可能含令牌，不会显示｜where to; it may hold a token, so it is never shown."""

    @field_validator("url")
    @classmethod
    def _on_the_web(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("https://", "http://")):
            raise PydanticCustomError(
                "address", "地址应以 https:// 或 http:// 开头｜the address begins with https:// or http://"
            )
        return url

    secret: SecretStr | None = None
    """签名密钥：请求头 X-Etl-Signature: sha256=…｜key of the HMAC-SHA256 over the body, in that header."""

    secret_file: Place | None = None
    """存放签名密钥的文件；先于 secret｜a file that holds the key; it comes before `secret`."""


class Apprise(Section):
    """企业微信、钉钉、飞书等（apprise）｜alerts through apprise: WeCom, DingTalk, Feishu and a hundred more."""

    urls: tuple[SecretStr, ...] = Field(json_schema_extra={"minItems": 1})
    """apprise 的地址，含令牌，不会显示｜apprise's addresses; they hold tokens and are never shown."""


class Alerts(Section):
    """告警｜who is told when something changes: a delivery is late, refused, stopped; and when it is well again."""

    mail: Mail | None = None
    """邮件｜e-mail."""

    webhook: Webhook | None = None
    """网络钩子｜a webhook."""

    apprise: Apprise | None = None
    """企业微信、钉钉、飞书等｜chat services through apprise."""

    plugins: dict[Name, dict[str, str]] = Field(default_factory=dict)
    """其他告警插件（入口点组 etl_core.alerts 中的名称）及其设置｜other alert plugins by their entry point, with their settings."""

    def channel(self, name: str) -> dict[str, Any] | None:
        """The settings of a channel as plain values, with its secrets; None where it is not used."""
        section: Section | None = getattr(self, name)
        return None if section is None else {key: _plain(value) for key, value in section}


class Metrics(Section):
    """监控指标｜figures for monitoring."""

    textfile: Place | None = None
    """供 node_exporter 收集的 .prom 文件｜the .prom file that node_exporter's textfile collector reads."""


class Lineage(Section):
    """数据血缘（OpenLineage）｜lineage events in the format of OpenLineage; none are sent unless this says where to."""

    file: Place | None = None
    """事件追加到这个文件｜events are appended to this file."""

    url: str | None = None
    """事件发往这个地址｜events are sent to this address."""

    api_key: SecretStr | None = None
    """接收方的口令｜the receiver's key."""

    namespace: str = "chuanyu-etl"
    """事件中的命名空间｜namespace of the job and its data sets."""

    @field_validator("url")
    @classmethod
    def _one_place(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url and info.data.get("file"):
            raise PydanticCustomError(
                "lineage", "file 和 url 只写一项｜write either file or url, and not both"
            )
        return url
