"""Identity numbers as people may see them: 511***********1234 (contract §5), wherever they stand."""

from __future__ import annotations

import re

# 15 or more digits in a row, perhaps with blanks between them and an X at the end; \d knows full-width digits too.
_NUMBER = re.compile(r"(?<!\d)\d(?:[\s\u200b-\u200f\ufeff]*\d){13,}[\s\u200b-\u200f\ufeff]*[\dXxＸｘ]")
_STARRED = re.compile(r"\d{3}\*{6,}\w{4}")
_BLANK = re.compile(r"[\s\u200b-\u200f\ufeff]+")
_MOBILE = re.compile(r"(?<!\d)((?:86)?[1１][3-9３-９]\d)\d{6}(\d{2})(?!\d)")
_HEADER = re.compile(r"(身份证|证件号)(?!件?(类型|种类))")


def masked(text: str) -> str:
    """The text with the middle of everything that looks like an identity number starred out."""
    return _NUMBER.sub(lambda found: starred(found[0]), text)


def starred(text: str) -> str:
    """The text of an identity number: first three and last four of 15 or more characters, else first and last two."""
    bare = _BLANK.sub("", text)
    if len(bare) >= 15:
        return f"{bare[:3]}{'*' * (len(bare) - 7)}{bare[-4:]}"
    return f"{bare[0]}{'*' * (len(bare) - 3)}{bare[-2:]}" if len(bare) > 3 else "*" * len(bare)


# In names days stand beside numbers, with nothing but blanks between them, and tell the period: there a number is what
# stands in one piece, or in pieces that make one of its form (GB 11643; before 1999 of 15 digits).
_PIECE = re.compile(r"(?<!\d)\d(?:[\u200b-\u200f\ufeff]*\d){14,}(?:[\u200b-\u200f\ufeff]*[XxＸｘ])?")
_MONTH_DAY = r"(?:0~[1-9]|1~[0-2])~(?:[0-2]~\d|3~[01])"
_PIECES = re.compile(
    (
        r"(?<!\d)(?!1~9|2~0)[1-9](?:~\d){5}~"
        rf"(?:(?:1~9~\d|2~0~[01])~\d~{_MONTH_DAY}(?:~\d){{3}}~[\dXxＸｘ]|[3-9]~\d~{_MONTH_DAY}(?:~\d){{3}})(?!\d)"
    ).replace("~", r"[\s\u200b-\u200f\ufeff]*")
)
# Days and times in one piece, as exports are named by them: no identity number begins with 19 or 20.
_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?:\d{3})?"
_STAMPS = re.compile(rf"(?:{_DAY}(?:{_TIME})?)+")


def plain(name: str) -> str:
    """A name without anybody's number, by which it is still known again: 511***********1234, 138******78. Days and times stay."""
    starry = _PIECE.sub(lambda found: found[0] if _STAMPS.fullmatch(found[0]) else starred(found[0]), name)
    return _MOBILE.sub(r"\1******\2", _PIECES.sub(lambda found: starred(found[0]), starry))


def shown(text: str, number: bool) -> str:
    """A cell as its agency may see it again; `number`: it stands in a column of identity numbers."""
    return starred(text) if number else masked(text)


def identity(header: str) -> bool:
    """Whether a column is one of identity numbers, by its header."""
    return _HEADER.search(header) is not None


def scrubbed(line: str) -> str:
    """A line of the log without any identity or mobile number, should one ever get there."""
    return _MOBILE.sub("***", _NUMBER.sub("***", line))


# A cell with more characters than this is no word.
LONGEST = 60


def word(text: str) -> str:
    """A word as it may be kept outside of a sealed row: without any identity or mobile number, and not at any length."""
    kept = _MOBILE.sub("***", masked(text))
    return kept if len(kept) <= LONGEST else f"{kept[:LONGEST]}…"


def starlike(text: str) -> bool:
    """Whether a text looks like an identity number whose middle was starred out."""
    return _STARRED.search(text) is not None
