"""Names and addresses in one form."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.naming import comparison_key, comparison_keys, normalised, normalised_texts

PIECES = st.sampled_from(
    [
        *"長春市綠園區东风大街三十二〇百號楼棟栋幢座单元門室乾後薴０３＃#（）()-－·.,， \u3000\u200b",
        "12",
        "03",
        "A",
        "b",
        "3.5",
        "号楼",
        "一百零二",
    ]
)
TEXTS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=14).map("".join))


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("　長春市　綠園區 ", "长春市绿园区"),
        ("ＨＲＺ０１（東）", "HRZ01(东)"),
        ("三號樓", "三号楼"),  # a numeral is read as it is written
        ("乾安縣後街", "乾安县后街"),  # 乾 is a simplified character too
        ("Heat  Station 3", "Heat Station 3"),
        ("A 区 3 号", "A区3号"),
        ("绿园区（东） ３號樓", "绿园区(东)3号楼"),
        ("Station (East) 3", "Station (East) 3"),
        ("\ufeff人民\u200b大街", "人民大街"),
        ("", ""),
    ],
)
def test_a_name_is_stored_in_one_form(written: str, stored: str) -> None:
    assert normalised(written) == stored


@pytest.mark.parametrize(
    "texts",
    [
        ("绿园区三号楼", "綠園區 3 號樓", "绿园区３栋", "绿园区3幢", "绿园区03#楼", "绿园区3#"),
        ("人民大街一百零二号", "人民大街102号", "人民大街１０２號"),
        ("长春供热（集团）公司", "長春供熱集團公司", "长春供热(集团) 公司"),
        ("十二单元二〇三室", "12单元203室"),
        ("东二十三号楼", "东23栋"),
        ("3-12", "３－12", "3 - 12", "3—12"),
        ("HRZ01", "ｈｒｚ０１"),
    ],
)
def test_texts_that_mean_one_thing_have_one_key(texts: tuple[str, ...]) -> None:
    assert len({comparison_key(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3-12", "312"),
        ("3栋12号", "31栋2号"),
        ("三道街", "3道街"),
        ("1.5期", "15期"),
        ("绿园区3号", "绿园区3号楼"),
        ("人民大街10号", "人民大街1号"),
        ("南关区", "北关区"),
    ],
)
def test_texts_that_mean_two_things_have_two_keys(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


@given(TEXTS)
def test_what_is_in_its_form_already_stays(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert comparison_key(comparison_key(text)) == comparison_key(text)
    assert comparison_key(normalised(text)) == comparison_key(text)


def test_columns_keep_what_is_missing() -> None:
    texts = pd.Series(["３號樓", None, " ", "３號樓"], index=[4, 5, 7, 9])
    assert normalised_texts(texts).to_dict() == {4: "3号楼", 5: None, 7: None, 9: "3号楼"}
    assert comparison_keys(texts).to_dict() == {4: "3号楼", 5: None, 7: None, 9: "3号楼"}
