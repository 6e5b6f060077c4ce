"""The groups of commands under `etl`: plugins, deliveries, quarantine, codes, config."""

from __future__ import annotations

import click

from etl_core.cli import later

PLUGINS = click.Group(
    "plugins",
    short_help="已安装的来源插件｜the installed source plugins",
    help="""已安装的来源插件。

    The installed source plugins: what they read, and which of them cannot be used.
    """,
    commands=[
        click.Command(
            "list",
            callback=later.later("plugins:listed"),
            params=[later.shape()],
            short_help="全部来源，及不能使用的插件｜all sources, and what is broken",
            help="""列出全部来源：安装包、版本、机构、文件名样式、汇总方式、主键；不能使用的插件注明原因。

            List every source with distribution, version, agency, file names, semantics and key; a plugin that cannot
            be used is named with the reason.
            """,
        ),
        click.Command(
            "show",
            callback=later.later("plugins:shown"),
            params=[click.Argument(["name"], metavar="NAME"), later.shape()],
            short_help="一个来源的各列与校验｜columns and checks of a source",
            help="""一个来源的表样：每列的表头、可能的问题代码，以及不入库和不保留的列。

            The form of one source: the headers of each column, the reason codes of its checks, the columns that are
            ignored, and those that are dropped.
            """,
        ),
    ],
)

DELIVERIES = click.Group(
    "deliveries",
    short_help="收到过的报送｜what has been delivered",
    help="""收到过的报送，以及每一行的去向。

    What has been delivered, and what became of every row.
    """,
    commands=[
        click.Command(
            "list",
            callback=later.later("deliveries:listed"),
            params=[later.config(), later.source(), later.shape()],
            short_help="全部报送及行数｜all deliveries with their counts",
            help="""列出全部报送：期次、结果、读入行 = 入库行 + 隔离行 + 跳过行、记录数。

            List every delivery: period, result, rows read = loaded + quarantined + skipped, records.
            """,
        ),
        click.Command(
            "rows",
            callback=later.later("deliveries:rows"),
            params=[click.Argument(["delivery"], metavar="DELIVERY"), later.config(), later.out(False)],
            short_help="一份报送每一行的去向｜what became of every row of one",
            help="""一份报送（编号或文件名）每一行的去向，CSV 格式，不含单元格内容。

            What became of every row of a delivery (its number or file name), as CSV without any cell:
            file,sheet,row,outcome,reasons,warnings,n_records.
            """,
        ),
    ],
)

QUARANTINE = click.Group(
    "quarantine",
    short_help="等待改正的行｜rows that wait for correction",
    help="""隔离行：有错误、没有入库、等待改正的行。

    Quarantined rows: those with an error, which were not loaded and wait for correction.
    """,
    commands=[
        click.Command(
            "list",
            callback=later.later("quarantine:listed"),
            params=[later.config(), later.source(), later.delivery(), later.shape()],
            short_help="哪一格有什么问题｜which cell has which problem",
            help="""列出每个问题的位置和说明，不显示单元格内容。

            List every problem with its place and meaning, without the contents of any cell.
            """,
        ),
        click.Command(
            "export",
            callback=later.later("quarantine:exported"),
            params=[
                later.config(),
                later.source(True),
                later.delivery(),
                later.out(True, "FILE.xlsx|FILE.csv"),
            ],
            short_help="导出补正表，交报送单位改正｜a workbook for the sender to correct",
            help="""把一个来源的隔离行导出，供报送单位改正。

            \b
            FILE.xlsx  补正表：按原报送的表样，只含待改正的行，错误的格子标色并批注怎么改。
                       改好后把这个工作簿放进收件文件夹，etl run 会把各行补回原报送（见 docs/mending.md）。
                       几份报送都有待改正的行时，每份一个文件：FILE-编号.xlsx。
            FILE.csv   清单：每个问题一行，含整行原文。

            证件号码中间几位遮蔽：没有错的不必重填。文件含个人信息，仅本人可读，请妥善保管，用后删除。

            Write the quarantined rows of a source for its sender to correct: as a workbook in the layout of the delivery,
            faulty cells coloured and explained, which comes back through `etl run` (docs/mending.md), or as a plain list.
            ID numbers are masked, and one that is right need not be typed again. The file holds personal data.
            """,
        ),
    ],
)

CODES = click.Group(
    "codes",
    short_help="尚未登记的写法｜words that no list has",
    help="""各单位的写法与统一代码。

    Words as agencies write them, and the unified codes.
    """,
    commands=[
        click.Command(
            "unmapped",
            callback=later.later("unmapped:listed"),
            params=[later.config(), later.source(), later.shape()],
            short_help="没有登记的写法，及最接近的代码｜unknown words, and the nearest known ones",
            help="""列出每个没有登记的写法：出现几行、首次出现在哪一格、最接近的已知写法，以及可以贴进 codes.csv 的一行。
            像证件号码或电话的内容一律遮蔽。

            List every word that no list has: in how many rows, where first, the nearest known words, and a line that is
            ready for codes.csv. Whatever looks like an ID or phone number is masked.
            """,
        ),
    ],
)

CONFIG = click.Group(
    "config",
    short_help="检查配置文件｜check a configuration",
    help="""检查配置文件。

    Check a configuration file.
    """,
    commands=[
        click.Command(
            "check",
            callback=later.later("configs:checked"),
            params=[later.file()],
            short_help="一次列出全部问题｜tell all problems at once",
            help="""检查配置文件，一次列出全部问题：文件:行:列。

            Check a configuration and tell all its problems at once, as file:line:column.
            """,
        ),
        click.Command(
            "schema",
            callback=later.later("configs:schema"),
            short_help="供编辑器使用的 JSON Schema｜JSON Schema for editors",
            help="""输出配置文件的 JSON Schema，供编辑器提示和校验。

            Print the JSON Schema of the configuration, for editors.
            """,
        ),
    ],
)

GROUPS = (PLUGINS, DELIVERIES, QUARANTINE, CODES, CONFIG)
