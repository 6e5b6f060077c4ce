"""The groups of commands under `etl`: plugins, deliveries, records, quarantine, codes, schema, config."""

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
                        (
                            "period",
                            "KIND",
                            "按什么区分各份报送，文件名说不清时：half, term, season, quarter, batch, months, month, day, school_year, year；"
                            "exported 为导出日，同一年后一份替换前一份｜what tells deliveries apart, where the name leaves it open",
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
        click.Command(
            "show",
            callback=later.later("deliveries:show"),
            params=[click.Argument(["delivery"], metavar="DELIVERY"), later.config(), later.shape()],
            short_help="一份报送的全部情况｜everything about one delivery",
            help="""一份报送（编号或文件名）的全部情况：行数、原因、提醒、各列的去向、记录状态、插件和程序版本、运行、是否在存档里。

            Everything about one delivery (its number or file name), be it revoked by now: counts, reasons, warnings, columns,
            states of its records, plugin and software, run, and whether the archive has it. No cell is shown.
            """,
        ),
        click.Command(
            "diff",
            callback=later.later("deliveries:diff"),
            params=[
                click.Argument(["first"], metavar="A"),
                click.Argument(["second"], metavar="B"),
                later.config(),
                later.out(False),
                later.shape(),
            ],
            short_help="两份报送有何不同｜what two deliveries differ in",
            help="""B 与 A 相比新增、更改、不再有的记录：只列位置和字段名。用 --out 可把字段的前后值写入仅本人可读的 CSV
            （不含证件号码；含个人信息，用后删除）。

            Records that B adds, changes or no longer has, compared with A: places and names of fields. --out writes the values
            before and after to a CSV file of yours alone, without ID numbers.
            """,
        ),
        click.Command(
            "revoke",
            callback=later.later("again:revoked"),
            params=[
                click.Argument(["delivery"], metavar="DELIVERY"),
                later.config(),
                click.Option(["--yes", "-y"], is_flag=True, help="不再询问｜do not ask"),
            ],
            short_help="撤销一份报送｜undo one delivery",
            help="""撤销一份报送（编号或文件名）：一个事务，结果与从未收到过它完全相同，被它更正或撤回的记录恢复原状。同样的文件
            以后不再入库，无论叫什么名字；要恢复用 `etl deliveries restore`。撤销记在账上，何时得知的历史仍可查询。

            Undo one delivery (its number or file name) in one transaction: the state is as if it had never come. The same bytes
            are loaded by no later run, whatever their name; `etl deliveries restore` brings them back. The ledger keeps the
            line, and what was known while it was there stays known.
            """,
        ),
        click.Command(
            "restore",
            callback=later.later("again:restored"),
            params=[click.Argument(["delivery"], metavar="DELIVERY"), later.config()],
            short_help="恢复一份撤销了的报送｜bring a revoked one back",
            help="""恢复一份撤销了的报送：从存档里取出，用现在的插件重新入库。

            Bring a revoked delivery back: it is taken from the archive and loaded by today's plugins.
            """,
        ),
    ],
)

RECORDS = click.Group(
    "records",
    short_help="记录的编号和历史｜records: numbers and history",
    help="""仓库里的记录：按位置找编号，查某一天的情况。

    Records of the warehouse: find a number by its place, ask what stood on a day.
    """,
    commands=[
        click.Command(
            "find",
            callback=later.later("records:found"),
            params=[
                click.Option(
                    ["--delivery", "-d"],
                    required=True,
                    metavar="DELIVERY",
                    help="报送（编号或文件名）｜number or file name",
                ),
                click.Option(["--row", "-r"], type=int, required=True, metavar="N", help="行｜row"),
                click.Option(["--sheet"], metavar="NAME", help="工作表｜sheet"),
                later.config(),
                later.shape(),
            ],
            short_help="一行数据成了哪些记录｜which records a row became",
            help="""一份报送的某一行成了哪些记录：列出记录编号，供 `etl explain` 使用。不显示姓名。

            Which records a row of a delivery became: their numbers, for `etl explain`. Nobody's name is shown.
            """,
        ),
        click.Command(
            "as-of",
            callback=later.later("records:as_of"),
            params=[later.config(), later.source(), *later.moments("--valid"), later.out(True)],
            short_help="某一天的现行记录｜the records that stood on a day",
            help="""把某一天的现行记录写成 CSV（仅本人可读，含个人信息，不含证件号码）。--known：那时仓库知道的；--valid：按报送的
            生效日期，那天成立的；两个一起用：那时所知的那天。写法和例子见 docs/history.md。

            Write the records that stood on a day as CSV of yours alone, without ID numbers. --known: by what the warehouse knew
            then; --valid: by the deliveries' effective dates; both: what was known then about that day. See docs/history.md.
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
        click.Command(
            "replay",
            callback=later.later("again:replayed"),
            params=[
                later.config(),
                later.source(),
                click.Option(
                    ["--dry-run"], is_flag=True, help="只试读，不写入仓库｜try it all, write nothing"
                ),
                later.shape(),
            ],
            short_help="插件改好后重读｜read again after a plugin was mended",
            help="""插件或对照表改好之后，把仍有隔离行（或整份退回）的报送从存档里取出，用现在的插件重读，逐份替换；说明每份、每种原因
            治愈了多少行、还剩多少行。读出来没有变化的报送一个字节也不动。

            After a plugin or mapping was mended: deliveries of the archive with open quarantined rows, or rejected ones, are read
            again by today's plugins and replaced in place, each in one transaction. Told for each delivery and reason: rows cured
            and rows that stay. What reads as before is not touched.
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

GROUPS = (PLUGINS, DELIVERIES, RECORDS, QUARANTINE, CODES, SCHEMA, CONFIG)
