"""The typed, frozen model of a pipeline's configuration; the one declaration of every setting.

Paths are taken from the configuration file's folder, which validation gets as `context={"base": folder}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from etl_core.config.night import Alerts, Due, Lineage, Metrics, Runs
from etl_core.config.pulls import Pull
from etl_core.config.section import Name, Place, Section, base, resolved
from etl_core.config.url import UrlError, absolute, masked, private, sqlite_path


def _checked_url(url: SecretStr, info: ValidationInfo) -> SecretStr:
    try:
        return SecretStr(absolute(url.get_secret_value(), base(info)))
    except UrlError as fault:
        raise PydanticCustomError("url", "{text}", {"text": str(fault)}) from None


def _checked_address(address: str) -> str:
    if not private(address):
        raise PydanticCustomError(
            "address",
            "调度器地址应为 tls://主机:端口；tcp:// 只能用于本机，否则密钥会以明文经过网络"
            "｜the scheduler's address is tls://host:port; tcp:// only on this machine, or keys would travel in clear",
        )
    return address


def _absolute(staging: str, info: ValidationInfo) -> str:
    """A plain path is taken from the configuration's folder, as every other one: a worker has another."""
    return staging if "://" in staging else str(resolved(Path(staging), info))


class Warehouse(Section):
    """仓库｜where the unified records are kept."""

    url: Annotated[SecretStr, AfterValidator(_checked_url)]
    """sqlite:///相对于本文件的路径，或 postgresql+psycopg://用户@主机/数据库；口令中的特殊字符须百分号编码，
    也可放在 ~/.pgpass｜sqlite:///path from this file's folder, or postgresql+psycopg://user@host/database;
    special characters of a password are percent-encoded, or the password stands in ~/.pgpass."""

    @property
    def path(self) -> Path | None:
        """The absolute path of a SQLite warehouse, None for a server."""
        return sqlite_path(self.url.get_secret_value())

    @property
    def shown(self) -> str:
        """The address without its password."""
        return masked(self.url.get_secret_value())


class SourceSettings(Section):
    """一个来源的设置｜what one source does otherwise than its plugin says."""

    enabled: bool = True
    """是否接收该来源｜whether deliveries of this source are taken."""

    error_limit: float | None = Field(default=None, ge=0, le=1)
    """允许的错误行比例（0 到 1），缺省用插件自己的｜share of quarantined rows above which a delivery is
    rejected (contract §3, too_many_errors; ruling 14), 0 to 1; the plugin's own limit when left out."""

    shrink_limit: float | None = Field(default=None, ge=0, le=1)
    """一份报送最多可撤回本期现行记录的比例（0 到 1），超过则整份不入库，等人决定；缺省用插件自己的（一般为 0.3）
    ｜share of its slot's standing records that a delivery may withdraw (too_much_withdrawn), 0 to 1; the plugin's own limit,
    0.3 as a rule, when left out."""

    due: Due | None = None
    """何时应有报送；缺省不检查｜when deliveries are due; nobody is missed when left out."""


class Plugins(Section):
    """插件的取舍｜which installed plugins may be imported, by entry-point name."""

    allow: tuple[Name, ...] | None = None
    """只导入这些插件；缺省为全部｜only these are imported; all when left out."""

    deny: tuple[Name, ...] = ()
    """不导入这些插件｜these are not imported."""


class Limits(Section):
    """每个交付的上限｜bounds for the reading of one delivery."""

    memory_mb: int = Field(default=4096, ge=256, le=1 << 20)
    """子进程内存（MiB）｜memory of the reading process, MiB."""

    seconds: int = Field(default=600, ge=1, le=86_400)
    """用时（秒）｜time, seconds."""

    file_mb: int = Field(default=2048, ge=1, le=1 << 20)
    """文件大小（MiB）｜size of a file, MiB."""


class Dask(Section):
    """Dask 集群｜a Dask cluster that reads deliveries (docs/cluster.md)."""

    address: Annotated[str, AfterValidator(_checked_address)] | None = None
    """调度器地址，如 tls://主机:8786｜address of the scheduler, such as tls://host:8786."""

    staging: Annotated[str, AfterValidator(_absolute)] | None = None
    """各节点都能读写的暂存位置（共享文件夹或 s3:// 等）｜where every node can read and write: a shared folder, or any
    address that fsspec knows; what lies there is encrypted with a key of the run."""

    ca_file: Place | None = None
    """集群证书机构｜certificate of the cluster's authority, for tls://."""

    cert_file: Place | None = None
    """本机证书｜our own certificate, for tls://."""

    cert_key: Place | None = None
    """本机证书的私钥｜the private key of our certificate, for tls://."""

    @property
    def encrypted(self) -> bool:
        """Whether the scheduler is reached by TLS."""
        return bool(self.address) and str(self.address).startswith("tls://")


class Log(Section):
    """运行日志｜the log of runs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """最低级别｜least level that is written."""

    file: Place | None = None
    """日志文件；缺省不另写日志｜the file it is written to; no log is kept when left out."""


class Publish(Section):
    """给分析人员读的文件｜files for analysts, written after each run that changed anything (docs/publish.md)."""

    folder: Place
    """快照所在的文件夹，仅本人可读；其中的 current 指向最新的一份｜folder of the snapshots, readable by its owner only;
    current in it is the newest one."""

    keep: int = Field(default=2, ge=1, le=1000)
    """保留几份快照，含最新的一份｜how many snapshots stay, the newest one included."""

    least: int = Field(default=5, ge=2, le=1000)
    """交叉表中少于这么多人的格不写数字｜cells of cross-tables with fewer persons than this tell no number."""

    names: bool = False
    """是否写出姓名、证书编号和机构记录号｜whether names, certificate numbers and the agencies' record numbers are written
    too; pseudonyms always are (contract §5)."""


class Config(Section):
    """川渝教师培训数据流水线的配置｜configuration of a pipeline that unifies teacher-training records."""

    warehouse: Warehouse

    key_file: Place
    """人员假名密钥文件，不得放在收件文件夹里｜key file of the persons' pseudonyms (contract §5)."""

    archive: Place | None = Field(default=None, validate_default=True)
    """原始报送的加密存档文件夹；SQLite 仓库缺省放在仓库文件旁（文件名加 .archive），数据库服务器须写明｜folder in which
    raw deliveries are kept, encrypted; beside a SQLite warehouse (its name and .archive) when left out, to be named for a server."""

    sources: dict[Name, SourceSettings] = Field(default_factory=dict)
    """各来源的设置｜settings by source."""

    plugins: Plugins = Plugins()

    limits: Limits = Limits()

    processes: int | None = Field(default=None, ge=1, le=256)
    """同时读取的子进程数；缺省为处理器数减一，最多 4｜how many processes read at a time; one less than there are
    processors when left out, at most 4."""

    executor: Literal["local", "dask"] = "local"
    """在哪里读取：本机，或 Dask 集群｜where deliveries are read: on this machine, or on a Dask cluster."""

    dask: Dask = Field(default=Dask(), validate_default=True)

    settle_seconds: float = Field(default=2.0, ge=0, le=3600)
    """文件多少秒未变动才算写完｜a file that changed less than so many seconds ago is waited for."""

    work: Place | None = None
    """私有副本所在文件夹；缺省为临时文件夹｜folder of the private copies; a temporary one when left out."""

    log: Log = Log()

    runs: Runs = Runs()

    alerts: Alerts = Alerts()

    metrics: Metrics = Metrics()

    lineage: Lineage = Lineage()

    publish: Publish | None = None
    """运行之后给分析人员写快照；不写则不发布｜snapshots for analysts after each run; none when left out."""

    @field_validator("archive")
    @classmethod
    def _a_server_has_no_folder_beside_it(cls, archive: Path | None, info: ValidationInfo) -> Path | None:
        warehouse = info.data.get("warehouse")
        if archive or warehouse is None:
            return archive
        if warehouse.path is None:
            raise PydanticCustomError(
                "archive",
                "仓库在服务器上时须写明 archive｜a warehouse on a server needs archive, the folder of its raw deliveries",
            )
        file: Path = warehouse.path
        return file.with_name(f"{file.name}.archive")

    @property
    def kept(self) -> Path:
        """The folder of the archive."""
        assert self.archive is not None  # the validator gives a default or refuses
        return self.archive

    @field_validator("dask")
    @classmethod
    def _a_cluster_has_an_address(cls, dask: Dask, info: ValidationInfo) -> Dask:
        if info.data.get("executor") == "dask" and not (dask.address and dask.staging):
            raise PydanticCustomError(
                "dask",
                "executor 为 dask 时须写明 address 和 staging｜executor dask needs address and staging",
            )
        if dask.encrypted and not (dask.ca_file and dask.cert_file and dask.cert_key):
            raise PydanticCustomError(
                "dask",
                "tls:// 须写明 ca_file、cert_file 和 cert_key｜tls:// needs ca_file, cert_file and cert_key",
            )
        return dask

    pulls: dict[Name, Pull] = Field(default_factory=dict)
    """要去取的报送（docs/pulls.md）｜deliveries that have to be fetched, by a name of yours (docs/pulls.md)."""

    landing: Annotated[Path, AfterValidator(resolved)] = Field(default=Path("landing"), validate_default=True)
    """取回的报送放在哪里，仅本人可读；缺省为配置文件旁的 landing｜where fetched deliveries lie, readable by their owner
    only: a folder of the pipeline's own; landing beside the configuration when left out."""

    inbox: tuple[Place, ...] = Field(default=(), validate_default=True)
    """收件文件夹；只有拉取时可以不写｜folders in which deliveries arrive; their files are read, never changed. May be
    left out where there are pulls."""

    @field_validator("inbox")
    @classmethod
    def _own_files_stay_outside(cls, folders: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
        landing = info.data.get("landing") if info.data.get("pulls") else None
        if not folders and not info.data.get("pulls", True):
            raise PydanticCustomError(
                "inbox",
                "没有 pulls 时缺少必填项 inbox｜the required setting “inbox” is missing, and there are no pulls",
            )
        if len(set(folders)) < len(folders):
            raise PydanticCustomError("inbox", "同一文件夹列了两次｜a folder is listed twice")
        if landing and any(_nested(landing, folder) for folder in folders):
            raise PydanticCustomError(
                "inbox",
                "landing 和收件文件夹不能互相包含｜landing and an inbox must not lie inside each other",
            )
        taken = (*folders, landing) if landing else folders
        for name, path in _own_files(info).items():
            if any(path.is_relative_to(folder) for folder in taken):
                raise PydanticCustomError(
                    "inbox",
                    "{name} 不能放在收件文件夹里｜{name} must not lie inside an inbox folder",
                    {"name": name},
                )
        return folders

    @property
    def landings(self) -> dict[str, Path]:
        """The folder of each pull, in which what it fetched lies as in an inbox."""
        return {name: self.landing / name for name in self.pulls}


def _nested(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _own_files(info: ValidationInfo) -> dict[str, Path]:
    """Return the pipeline's own files by setting; sections that failed their own validation are left out."""
    names = ("warehouse", "log", "runs", "metrics", "lineage", "publish")
    warehouse, log, runs, metrics, lineage, publish = map(info.data.get, names)
    files = {
        "warehouse.url": warehouse and warehouse.path,
        "key_file": info.data.get("key_file"),
        "archive": info.data.get("archive"),
        "work": info.data.get("work"),
        "log.file": log and log.file,
        "runs.folder": runs and runs.folder,
        "metrics.textfile": metrics and metrics.textfile,
        "lineage.file": lineage and lineage.file,
        "publish.folder": publish and publish.folder,
    }
    return {name: path for name, path in files.items() if path}
