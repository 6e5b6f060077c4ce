"""Persons that nobody is: names of common characters, and identity numbers of an area code that was never assigned.

Whoever stood twice in a file stands twice in its specimen; a number that was wrong is wrong in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta

# Never assigned (GB/T 2260).
AREA = "500199"

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
# With which the name of a person most likely begins, where a text stands that should not be there.
_BEGINNINGS = set(
    _SURNAMES
    + "蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段漕钱汤尹黎易常武乔贺赖龚文"
    "庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"
)
_GIVEN = "安宁文静明华建国红梅志强晓丽春兰海燕玉珍德福美云秀英家和永康思远雨晴子涵书林清泉"
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_BRACKET = re.compile(r"[（(](.{1,6})[)）]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_X = "XxХх×Ｘｘ"


def check_digit(body: str) -> str:
    """The 18th character of a resident number (GB 11643)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def name(text: str, order: int) -> str:
    """Another name of as many characters, for the person of that order; blanks, interpuncts and (大)/(小)/(男) stay."""
    kept = _BRACKET.sub(lambda found: found[0] if found[1] in "男女大小" else "", text)
    bare = _BRACKET.sub("", kept)
    han = len(_HAN.findall(bare))
    if not han:
        return re.sub(r"[^\W\d_]", "X", kept)
    made = iter(_made(order, han))
    return "".join(
        next(made, "安") if at < len(bare) and _HAN.match(char) else _other(char) if at < len(bare) else char
        for at, char in enumerate(kept)
    )


def _other(char: str) -> str:
    return char if not char.isalnum() else "X"


def _made(order: int, length: int) -> str:
    at, rest = order % len(_SURNAMES), order // len(_SURNAMES)
    given = ""
    for step in (5, 11, 17, 23, 31)[: length - 1]:
        given += _GIVEN[(rest + step * at) % len(_GIVEN)]
        rest //= len(_GIVEN)
    return _SURNAMES[at] + given


def number(text: str, order: int) -> str:
    """Another identity number of the same length, width, case and faults, for the person of that order.

    What hides digits hides them still; letters of other documents become X.
    """
    at = [place for place, char in enumerate(text) if _digit(char)]
    core = "".join(_half(text[place]) for place in at)
    made = _core(core, order)
    chars = ["X" if char.isalpha() and char.isascii() and char not in "xXE" else char for char in text]
    for place, char in zip(at, made, strict=True):
        chars[place] = _styled(char, text[place])
    return "".join(chars)


def _digit(char: str) -> bool:
    return char.isdigit() or char in _X


def _half(char: str) -> str:
    return "X" if char in _X else unicodedata.normalize("NFKC", char)[:1]


def _styled(made: str, old: str) -> str:
    """A character as the old one was written: full width, or one of the many X."""
    if made == "X":
        return old if old in _X else "X"
    return chr(ord(made) + 0xFEE0) if "０" <= old <= "９" or old in "Ｘｘ" else made


def _core(core: str, order: int) -> str:
    """Digits in the place of digits; 18 and 15 of them are a resident number as right or wrong as the old one."""
    if re.fullmatch(r"\d{17}[\dX]", core):
        right = core[-1] == check_digit(core[:-1])
        return _resident(order, int(core[16]) % 2, core[-1] == "X", right)
    if re.fullmatch(r"\d{15}", core):
        return AREA + _born(order)[2:] + _serial(order, int(core[14]) % 2)
    return (AREA + _born(order) + f"{order:08}" * 4)[: len(core)].ljust(len(core), "0").replace("X", "0")


def _resident(order: int, odd: int, ends_x: bool, right: bool) -> str:
    """A number of that sex whose check digit is X, or none; another check digit than its own where it is not `right`."""
    bodies = (AREA + _born(order + 97 * more) + _serial(order + more, odd) for more in range(10_000))
    body = next(body for body in bodies if (check_digit(body) == "X") == (ends_x and right))
    own = check_digit(body)
    if right:
        return body + own
    return body + ("X" if ends_x else str((int(own) + 1) % 10))


def _born(order: int) -> str:
    return f"{date(1970, 1, 1) + timedelta(days=order % 9_000):%Y%m%d}"


def _serial(order: int, odd: int) -> str:
    return f"{order // 5 % 100:02}{(order % 5) * 2 + odd}"


def counted(text: str, order: int) -> str:
    """Another number of the agency's own: its digits are the order, its letters stay where they are few."""
    digits = sum(char.isdigit() for char in text)
    if not digits:
        return f"N{order}"
    number = f"{order:0{digits}}"
    made = iter([number[: len(number) - digits + 1], *number[len(number) - digits + 1 :]])
    letters = sum(char.isalpha() for char in text)
    plain: Callable[[str], str] = (lambda char: char) if letters <= 8 else (lambda _: "x")
    return "".join(next(made) if char.isdigit() else plain(char) if char.isalpha() else char for char in text)


_KINDS = (
    "小学",
    "初级中学",
    "中学",
    "幼儿园",
    "职业中学",
    "学校",
    "学院",
    "大学",
    "中心校",
    "教委",
    "教育局",
)


def school(text: str, order: int) -> str:
    """Another employer of the same kind."""
    kind = next((each for each in _KINDS if text.strip().endswith(each)), "学校")
    return f"示例{order + 1}{kind}"


def personal(text: str) -> bool:
    """Whether a text looks like the name of a person: a surname, and one to three characters more."""
    bare = re.sub(r"\s", "", text)
    return 2 <= len(bare) <= 4 and bare[0] in _BEGINNINGS and all(_HAN.match(char) for char in bare)
