"""The section `pulls`: deliveries that nobody brings and that have to be fetched (docs/pulls.md)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from etl_core.config.section import Place, Section, base
from etl_core.config.url import UrlError, absolute, local

_NAMED = re.compile(r"[^/\\\x00-\x1f\x7f{}]+")
_DAY = re.compile(r"\{date:([^{}]+)\}")
_DATABASES = ("postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql", "sqlite")


def _web(url: str) -> str:
    """An address of a service; whoever it speaks to, its fragment and its password have no place in it."""
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise PydanticCustomError(
            "address",
            "应为 https://主机/路径，不带用户名和口令（用 auth）｜must be https://host/path, without user and password (use auth)",
        )
    return url


def _remote(url: SecretStr) -> SecretStr:
    parts = _split(url.get_secret_value())
    if not re.match(r"[a-z][a-z0-9+.-]+://[^/]?", url.get_secret_value()) or not (parts.netloc or parts.path):
        raise PydanticCustomError(
            "address",
            "应为 sftp://、s3:// 或 https:// 等地址｜must be an address such as sftp://, s3:// or https://",
        )
    return url


def _database(url: SecretStr, info: ValidationInfo) -> SecretStr:
    stated = url.get_secret_value()
    scheme = _split(stated).scheme
    if scheme not in _DATABASES:
        raise PydanticCustomError(
            "address",
            "应以 {names} 开头｜must begin with {names}",
            {"names": ", ".join(f"{name}://" for name in _DATABASES)},
        )
    try:
        return SecretStr(absolute(stated, base(info))) if scheme == "sqlite" else url
    except UrlError as fault:
        raise PydanticCustomError("url", "{text}", {"text": str(fault)}) from None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.port != 0 and url.isprintable():
            return parts
    except ValueError:  # whose text can quote the address
        pass
    raise PydanticCustomError("address", "地址格式有误｜the address is malformed")


def _template(name: str) -> str:
    """A name for a delivery: one file name, whose only variable part is the day."""
    shown = named(name, datetime(2026, 1, 31, tzinfo=UTC))
    if not _NAMED.fullmatch(shown) or shown.startswith((".", "~$")) or len(shown.encode()) > 200:
        raise PydanticCustomError(
            "name",
            "应为文件夹或文件的名称，可含 {date:%Y%m%d}，如 pull_{date:%Y%m%d}"
            "｜must be the name of a folder or file and may hold {date:%Y%m%d}, such as pull_{date:%Y%m%d}",
        )
    return name


def named(template: str, begun: datetime) -> str:
    """The name of a delivery whose pull began then."""
    return _DAY.sub(lambda found: begun.strftime(found[1]), template)


class Auth(Section):
    """身份验证｜how the service knows us."""

    bearer: SecretStr | None = None
    """令牌，写成 "${变量}"｜a token, written as "${NAME}"."""

    user: str | None = None
    """用户名（Basic）｜name of the user (Basic)."""

    password: SecretStr | None = None
    """口令（Basic），写成 "${变量}"｜password (Basic), written as "${NAME}"."""

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        if bool(self.bearer) == bool(self.user) or bool(self.user) != bool(self.password):
            raise PydanticCustomError(
                "pulls", "须写 bearer，或者 user 和 password｜needs bearer, or user and password"
            )
        return self


class Pages(Section):
    """怎样翻页｜how one page follows another."""

    by: Literal["number", "offset", "cursor", "link"] = "number"
    """翻页方式：页码、起始条数、游标、下一页的链接｜page number, offset, a cursor, a link to the next page."""

    parameter: str | None = None
    """页码、起始条数或游标的参数名，缺省为 page、offset、cursor｜name of the parameter for the number, offset or
    cursor; page, offset, cursor when left out."""

    size_parameter: str | None = None
    """每页条数的参数名，如 size、limit｜name of the parameter for the records of a page, such as size, limit."""

    size: int = Field(default=100, ge=1, le=100_000)
    """每页条数｜records of a page."""

    first: int = Field(default=1, ge=0, le=1)
    """第一页的页码｜number of the first page."""

    next: str | None = None
    """游标或下一页链接在返回内容中的路径，如 data.next；link 缺省取 Link 响应头｜where the body says the next
    cursor or link, such as data.next; for link the header Link when left out."""

    @model_validator(mode="after")
    def _a_cursor_has_a_place(self) -> Pages:
        if self.by == "cursor" and not self.next:
            raise PydanticCustomError("pulls", "by: cursor 须写明 next｜by: cursor needs next")
        return self


class Rest(Section):
    """分页的 REST 接口｜a paged REST service, read by GET."""

    url: Annotated[str, AfterValidator(_web)]
    """地址，不带密钥｜the address, without any secret."""

    query: dict[str, SecretStr] = Field(default_factory=dict)
    """每次请求都带的参数｜parameters of every request."""

    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """每次请求都带的请求头｜headers of every request."""

    auth: Auth | None = None
    """身份验证｜how the service knows us."""

    pages: Pages = Pages()
    """怎样翻页｜how one page follows another."""

    items: str = ""
    """记录列表在返回内容中的路径，如 data.items；缺省时整个内容就是列表｜where the body holds the list of records,
    such as data.items; the whole body is the list when left out."""

    total: str | None = None
    """总条数的路径，如 data.totalCount；少于它就不算拉取完成｜where the body says how many records there are in all;
    a pull with fewer is not complete (ruling 19)."""

    rate: float = Field(default=5.0, gt=0, le=1000)
    """每秒最多请求几次｜requests per second, at most."""

    timeout: float = Field(default=30.0, gt=0, le=3600)
    """多少秒没有回应算超时｜seconds without an answer that count as a failure."""

    attempts: int = Field(default=6, ge=1, le=100)
    """一页最多请求几次｜how often one page is asked for, at most."""

    ca_file: Place | None = None
    """服务器证书的签发机构；缺省用系统的｜authority of the server's certificate; the system's when left out."""

    plain_http: bool = False
    """允许对其他机器用不加密的 http://｜whether http:// without encryption may be used to another machine."""

    @model_validator(mode="after")
    def _nothing_travels_in_clear(self) -> Rest:
        if not self.plain_http and self.url.startswith("http://") and not local(self.url):
            raise PydanticCustomError(
                "pulls",
                "http:// 会让个人信息和密钥以明文经过网络；请用 https://，确实只有 http 时写明 plain_http: true"
                "｜http:// sends personal data and secrets in clear; use https://, or state plain_http: true",
            )
        return self


class Sql(Section):
    """数据库里的一次查询｜one query of a database, read in one read-only transaction."""

    url: Annotated[SecretStr, AfterValidator(_database)]
    """postgresql+psycopg://、mysql+pymysql://、mariadb+pymysql:// 或 sqlite:///相对于本文件的路径；口令写成 "${变量}"
    ｜address of the database; write the password as "${NAME}"."""

    query: str = Field(min_length=1)
    """一条 SELECT；值写成 :名称，由 parameters 给出｜one SELECT; values are :names that parameters gives."""

    parameters: dict[str, SecretStr] = Field(default_factory=dict)
    """query 中 :名称 的值，按文字绑定｜the values of the query's :names, bound as texts."""

    order: tuple[str, ...] = Field(min_length=1)
    """能分清每一行的排序列｜columns of the query by which rows are ordered; together they tell every row apart."""

    format: Literal["json", "csv"] = "json"
    """json：一页一个文件的文件夹；csv：一个文件｜json: a folder with a file for each page; csv: one file."""

    page_rows: int = Field(default=10_000, ge=1, le=1_000_000)
    """每页行数｜rows of a page."""


class Remote(Section):
    """远程文件夹｜a remote folder, whose files are copied and never changed."""

    url: Annotated[SecretStr, AfterValidator(_remote)]
    """sftp://用户@主机/文件夹、s3://桶/前缀、https://主机/文件夹/ 等｜address of the folder, as fsspec knows it."""

    options: dict[str, SecretStr] = Field(default_factory=dict)
    """该类地址的选项，如 key、secret、endpoint_url、password｜options of that kind of address for fsspec."""

    names: tuple[str, ...] = ("*",)
    """要取的文件名样式｜patterns of the file names that are taken."""

    known_hosts: Place | None = None
    """sftp 主机公钥文件；缺省为 ~/.ssh/known_hosts｜the file with the host keys of sftp servers; ~/.ssh/known_hosts
    when left out; a server that is not in it is refused."""

    settle_seconds: float = Field(default=10.0, ge=0, le=3600)
    """两次查看之间的秒数；其间有变化的文件下次再取｜seconds between two looks; a file that changes is left for later."""


class Bounds(Section):
    """一次拉取的上限｜bounds of one pull."""

    pages: int = Field(default=9_999, ge=1, le=9_999)
    """页数或文件数｜pages, or files."""

    mb: int = Field(default=2048, ge=1, le=1 << 20)
    """总大小（MiB）｜all bytes, MiB."""

    page_mb: int = Field(default=64, ge=1, le=1 << 12)
    """一页的大小（MiB）｜bytes of one page, MiB."""

    seconds: int = Field(default=6 * 3600, ge=1, le=7 * 86_400)
    """用时（秒）｜time, seconds."""


class Pull(Section):
    """一项拉取：rest、sql、remote 三者之一｜one thing to fetch: rest, sql or remote."""

    name: Annotated[str, AfterValidator(_template)] = "pull_{date:%Y%m%d}"
    """落地后的名称，{date:…} 为开始拉取的日期（北京时间）；remote 用原文件名｜what the delivery is called; {date:…} is the
    day on which the pull began, in China's time; remote files keep their own names."""

    enabled: bool = True
    """是否拉取｜whether it is pulled."""

    rest: Rest | None = None
    """分页的 REST 接口｜a paged REST service."""

    sql: Sql | None = None
    """数据库里的一次查询｜one query of a database."""

    remote: Remote | None = None
    """远程文件夹｜a remote folder."""

    limits: Bounds = Bounds()
    """一次拉取的上限｜bounds of one pull."""

    @model_validator(mode="after")
    def _one_kind(self) -> Pull:
        if sum(kind is not None for kind in (self.rest, self.sql, self.remote)) != 1:
            raise PydanticCustomError(
                "pulls", "须写 rest、sql、remote 三者之一｜needs exactly one of rest, sql and remote"
            )
        return self
