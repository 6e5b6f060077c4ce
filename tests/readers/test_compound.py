from __future__ import annotations

import base64
import hashlib
import io
import random
import struct
import zlib

import msoffcrypto
import olefile
import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.rc4 import DocumentRC4

from etl_core.errors import DeliveryError
from etl_core.readers import read
from etl_core.readers.compound import DEFAULT_PASSWORD

# A workbook of Excel 97, written by xlwt: sheet 语文 with cells from B2 on, hidden sheet 样表.
XLS = zlib.decompress(
    base64.b85decode(
        "c-rk)T}V_x6#nM!UELL3*Po3vutmtqly(VgSI{-1guumq=pRhm%?(?XwHJFR%cMYpz^8s*1Pdy%dg+G>5_$*;jC=@+"
        "K#O{b9)hwS)a}f<cWbo`T1Y{=-(}9sIWu$S?3pv?&fe$4S)+Zo^T#j)l`vr{YDG$%Oi;1L7(1vx8kNmhZJ`o1Ft1>>"
        "&_<@1@gU<_s@y}l-(yg4OC2N%yrr@aZSc3Y1f6q;YPO+4NE<4IO0lQl5)~Wr*sg4*2bktCy~$%AGOc3CS*8^<c2w-a"
        "u+LxY(c^fRQpkNaq5^k$&MTI<;lNWF$H&hJZLAsVBZnFeFO-e~H68t+y{-wi1S68q#AT!b9fZ<wxHJ$bP#5D0c{NVt"
        "428<W;qvzOQRGsL^y6#P34DnqgU3!oKDTlKl7F8rPyK`3LK~b&ZlztGDeqNOpcB#kLY|Cnq@!1rJ&O3$b2=#b8!0lH"
        "6tON8Ix~S<&ib;@_>tWi+f5LIJ>&jw+lW87cRWbd`{2?hs+{#!KUMyw*E_O-GMCHk^}4+tx69)y^LW>~DNaLa@)g4="
        "$v!P5W$-~wCmKK|x3l=T+G**DtDj%gHrDy-S<=bIXfLZ}^2Z>G6LJPkwz1T#9|xeAXRKm+lC>`3c0SWw8bftaokMSI"
        ">f$k{xVMPbS;H9dEstxjpmz7iE%yq#-}zQjd!T0QXzsvEUmps|;Q^X2pDvV$5^>?Y#C>0^7J6EH!!+-=6lYQF`Y(v;"
        "Z{$o&(%BX44+)J^h!a0KlkO{xQ;9R_x|9UEG~Y_UnG~5Gr7p)cII5pq-0+C)llrPT1rH4>G*W6(6KGOdlUZL`WleG~"
        "k13LqTCT6wR#EB6L4RAt&}Q3*s!Amrccf{Q#(!b9BO}(M(fJq|n(fo~Kq5<Kd$3oL$g2hn7%*VKfPw!Ef^Y8NE1{}i"
        "j^(u~RsXItNoC6TOtN6H6|M9fp?`rJ(L!|u9ZAK{BA7)?m-x#$vG0WvJ8AU@n$gI1G$$RubS)O~zvr(f+W*}VN_PFJ"
        "WbB;f^?v}DQ7BI"
    )
)
ROWS = [
    (1, ()),
    (2, (None, "姓名", "证件号", "学时", "日期")),
    (3, (None, "张三", "5.0019919810805894E+17", "16", "2023-09-01")),
    (4, ()),
    (5, (None, "李四", "500199198108058961", "30.5", "2023-09-01 08:05:33")),
]
CODEPAGE, WRITEACCESS, FILEPASS = 0x42, 0x5C, 0x2F


def stream(data: bytes) -> bytes:
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        return container.openstream("Workbook").read()


def with_stream(data: bytes, workbook: bytes) -> bytes:
    file = io.BytesIO(data)
    with olefile.OleFileIO(file, write_mode=True) as container:
        container.write_stream("Workbook", workbook)
    return file.getvalue()


def record(data: bytes, kind: int) -> tuple[int, int]:
    """Offset and length of the body of a record of the globals."""
    at = 0
    while True:
        found, length = struct.unpack_from("<HH", data, at)
        if found == kind:
            return at + 4, length
        at += 4 + length


def with_codepage(codepage: int) -> bytes:
    workbook = bytearray(stream(XLS))
    struct.pack_into("<H", workbook, record(workbook, CODEPAGE)[0], codepage)
    return with_stream(XLS, bytes(workbook))


def encrypted_xls(password: str) -> bytes:
    """XLS under RC4 ([MS-XLS] 2.2.10). Its FilePass record takes the room of the user's name."""
    salt, verifier = bytes(range(16)), bytes(range(16, 32))
    proof = DocumentRC4.decrypt(
        password, salt, io.BytesIO(verifier + hashlib.md5(verifier).digest()), 1024
    ).read()
    key = struct.pack("<HHH", 1, 1, 1) + salt + proof
    workbook = bytearray(stream(XLS))
    at, length = record(workbook, WRITEACCESS)
    filler = struct.pack("<HH", WRITEACCESS, length - len(key) - 4) + bytes(length - len(key) - 4)
    workbook[at - 4 : at + length] = struct.pack("<HH", FILEPASS, len(key)) + key + filler
    end = len(workbook.rstrip(b"\0")) + 3  # of the last record; what follows is padding
    struct.pack_into("<HH", workbook, end, 0, len(workbook) - end - 4)
    office = msoffcrypto.OfficeFile(io.BytesIO(with_stream(XLS, bytes(workbook))))
    office.load_key(password=password)
    enciphered = io.BytesIO()
    office.decrypt(enciphered)  # RC4 enciphers as it deciphers; only the FilePass record gets lost
    body = bytearray(stream(enciphered.getvalue()))
    body[at - 4 : at + len(key)] = workbook[at - 4 : at + len(key)]
    body[end:] = bytes(len(body) - end)
    return with_stream(XLS, bytes(body))


def encrypted_xlsx(password: str) -> bytes:
    plain, result = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["张三", 16])
    book.save(plain)
    OOXMLFile(plain).encrypt(password, result)
    return result.getvalue()


def refused(path) -> str:
    with pytest.raises(DeliveryError) as caught:
        list(read(path))
    return caught.value.code


def test_an_xls_reads_like_an_xlsx(file, listed):
    grids = list(read(file(XLS)))
    assert [(grid.sheet, grid.visible) for grid in grids] == [("语文", True), ("样表", False)]
    assert listed(grids[:1]) == ROWS


@pytest.mark.parametrize("codepage", [936, 10008, 1252, 1200])
def test_the_code_page_of_an_xls_does_not_turn_its_text_into_mojibake(codepage, file, listed):
    grids = list(read(file(with_codepage(codepage))))
    assert grids[0].sheet == "语文"
    assert listed(grids[:1]) == ROWS


def test_the_default_password_of_excel_opens_an_xls(file, listed):
    assert listed(list(read(file(encrypted_xls(DEFAULT_PASSWORD))))[:1]) == ROWS


def test_the_default_password_of_excel_opens_an_xlsx(file, listed):
    assert listed(read(file(encrypted_xlsx(DEFAULT_PASSWORD)))) == [(1, ("张三", "16"))]


@pytest.mark.parametrize("encrypted", [encrypted_xls, encrypted_xlsx])
def test_another_password_is_encrypted(encrypted, file):
    assert refused(file(encrypted("张三1981"))) == "encrypted"


def test_an_xls_cut_anywhere_is_unreadable(file):
    random.seed(9)
    for end in (8, 100, 512, 513, *random.sample(range(8, len(XLS) - 1024), 40)):
        assert refused(file(XLS[:end])) == "unreadable"


def test_an_encrypted_workbook_cut_anywhere_is_refused(file):
    data = encrypted_xlsx(DEFAULT_PASSWORD)
    random.seed(10)
    for end in random.sample(range(8, len(data) - 512), 10):
        assert refused(file(data[:end])) in {"unreadable", "encrypted"}


def test_an_xls_with_changed_bytes_never_raises_another_error(file):
    random.seed(11)
    for _ in range(150):
        data = bytearray(XLS)
        for _ in range(3):
            data[random.randrange(8, len(data))] = random.randrange(256)
        try:
            list(read(file(bytes(data))))
        except DeliveryError as error:
            assert error.code in {"unreadable", "encrypted", "unsafe", "empty"}


def test_a_compound_file_that_is_no_workbook_is_unreadable(file):
    assert (
        refused(file(XLS.replace("Workbook".encode("utf-16-le"), "Wordbook".encode("utf-16-le"))))
        == "unreadable"
    )
