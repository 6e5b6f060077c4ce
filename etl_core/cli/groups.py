"""The groups of commands under `etl`: plugins, deliveries, quarantine, schema, config."""

from __future__ import annotations

from pathlib import Path

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
        click.Command(
            "new",
            callback=later.later("scaffold:new"),
            params=[
                click.Argument(["name"], metavar="NAME"),
                click.Option(
                    ["--sample", "-s"],
                    type=later.DELIVERY,
                    required=True,
                    metavar="FILE",
                    help="一份真实报送，或一次分页拉取的文件夹｜a real delivery, or the folder of a paged pull",
                ),
                *(
                    click.Option([f"--{option}"], metavar=metavar, help=text)
                    for option, metavar, text in (
                        (
                            "agency",
                            "CODE",
                            "报送单位的区划代码，六位｜division code of the agency, six digits",
                        ),
                        ("agency-name", "TEXT", "报送单位的名称｜name of the agency"),
                        ("title", "TEXT", "这些文件是什么｜what the files are"),
                        ("semantics", "append|snapshot|ledger", "后报的怎样算｜how deliveries add up"),
                        (
                            "project",
                            "TEXT",
                            "全部行的项目名称，表中没有时｜project of all rows, where no column tells it",
                        ),
                        (
                            "level",
                            "CODE",
                            "全部行的级别，表中没有时：10 国家级 20 省级 30 地市级 40 县级 60 校级 99 其他｜level of all rows",
                        ),
                        (
                            "mode",
                            "WORD",
                            "全部行的培训方式，表中没有时｜mode of all rows: face_to_face, online …",
                        ),
                    )
                ),
                click.Option(
                    ["--key"],
                    multiple=True,
                    metavar="FIELD,…",
                    help="自然键，缺省按表样推定｜natural key; guessed from the form",
                ),
                click.Option(
                    ["--column", "-c"],
                    multiple=True,
                    metavar="HEADER=FIELD",
                    help="指明一列是什么，可重复；字段名见 etl schema dictionary，另有 period（起止在一格）、minutes、ignored、dropped"
                    "｜what a column is, may be repeated; fields as in etl schema dictionary, or period, minutes, ignored, dropped",
                ),
                click.Option(
                    ["--out", "-o"],
                    type=click.Path(file_okay=False, path_type=Path),
                    metavar="FOLDER",
                    help="写在这个文件夹下；缺省为克隆里的 plugins/，否则当前文件夹｜where to; plugins/ in a clone, else here",
                ),
                click.Option(
                    ["--anyway"],
                    is_flag=True,
                    help="已有来源认领这份文件也照写｜even if an installed source reads this file already",
                ),
            ],
            short_help="从一份样本起草一个来源｜draft a source from a sample",
            help="""看一份真实报送，起草一个完整的来源插件：合同、归一、期次、用语、格式卡、样本和测试。样本中的人全部换成虚构的，
            看不准的逐条写明，绝不猜默认值。看不出来的在终端上询问，否则说明缺哪个选项。

            Look at a real delivery and draft a whole source plugin: contract, normalise, period, words, format card, samples and
            tests. Every person in the sample is replaced by a made-up one; whatever is not certain is said, and no default
            is guessed. What the sample does not tell is asked at the terminal, else the missing option is named.
            """,
        ),
        click.Command(
            "golden",
            callback=later.later("scaffold:golden"),
            params=[
                click.Argument(
                    ["folder"],
                    type=click.Path(exists=True, file_okay=False, path_type=Path),
                    metavar="FOLDER",
                ),
                click.Option(
                    ["--accept"],
                    is_flag=True,
                    help="改写 golden 文件；之后要逐行判定｜write the golden files anew; judge every line afterwards",
                ),
            ],
            short_help="样本现在的结果与 golden 对照｜golden files and what the samples give now",
            help="""插件的样本现在变成什么，与 tests/golden/ 是否一致；不加 --accept 不改动任何文件。

            What a plugin's samples become now, and whether tests/golden/ says the same. Without --accept nothing is written.
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
            params=[later.config(), later.source(True), later.out(True)],
            short_help="导出清单，交报送单位改正｜a list for the sender to correct",
            help="""把一个来源的隔离行导出为 Excel 可打开的 CSV，含整行原文，供报送单位改正。证件号码中间几位遮蔽；
            文件含个人信息，请妥善保管，用后删除。

            Write the quarantined rows of a source as CSV for Excel, with the text of the whole row, for the sender to
            correct. ID numbers are masked; the file holds personal data, so keep it safe and delete it after use.
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

SCHEMA = click.Group(
    "schema",
    short_help="填报模板和数据字典｜templates and the data dictionary",
    help="""填报模板和数据字典，都由校验所用的同一份契约生成。

    Templates to fill in and the data dictionary, both made of the contract that judges the files.
    """,
    commands=[
        click.Command(
            "template",
            callback=later.later("schemas:template"),
            params=[
                click.Option(
                    ["--source", "-s"],
                    required=True,
                    metavar="NAME",
                    help="哪个来源；没有自己表样的单位用 unified｜which source; unified for agencies without a form of their own",
                ),
                click.Option(
                    ["--out", "-o"],
                    type=later.NEW,
                    metavar="FILE.xlsx",
                    help="写到哪里；缺省用能被认出的文件名｜where to; by default a name that is recognised",
                ),
                click.Option(["--force"], is_flag=True, help="覆盖已有的文件｜replace a file that exists"),
            ],
            short_help="一个来源的 Excel 填报模板｜a source's form as an Excel workbook",
            help="""写出一个来源的 Excel 填报模板：表头、下拉选项、批注和填写说明，填好后可直接报送。

            Write a source's form as an Excel workbook: its headers, drop-down lists, notes with examples and reasons for
            refusal, and a sheet that explains. A filled-in one is loaded like any other delivery.
            """,
        ),
        click.Command(
            "dictionary",
            callback=later.later("schemas:dictionary"),
            params=[
                click.Option(
                    ["--source", "-s"],
                    metavar="NAME",
                    help="一个来源；缺省为统一契约｜one source; the unified contract by default",
                ),
                click.Option(
                    ["--format", "shape"],
                    type=click.Choice(["markdown", "html"]),
                    default="markdown",
                    show_default=True,
                    help="Markdown，或可打印的网页｜Markdown, or a page that can be printed",
                ),
                click.Option(
                    ["--out", "-o"], type=later.NEW, metavar="FILE", help="写入的文件｜file to write"
                ),
            ],
            short_help="数据字典，中英文｜the data dictionary, in both languages",
            help="""数据字典，中英文对照：字段、代码、原因；或一个来源的列、历次表头、校验和用语。

            The data dictionary in both languages: fields, codes and reasons; or the columns of one source with their
            headers over time, checks and words. The page is one file that needs nothing else.
            """,
        ),
    ],
)

GROUPS = (PLUGINS, DELIVERIES, QUARANTINE, SCHEMA, CONFIG)
