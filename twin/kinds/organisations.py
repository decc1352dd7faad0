"""Who answers for what: authorities and heating companies, and what they are responsible for."""

from __future__ import annotations

from typing import Final

from twin.code_lists import HEATING_MODE, REGISTRATION_TYPE
from twin.kinds.codes import AUTHORITY_LEVELS
from twin.kinds.model import Attribute, Kind, coded
from twin.kinds.shared import ADCODE, ADDRESS, COMPANY, OF_CODE, OF_KIND

_PROFILE: Final = "GB/T 43097-2023 5.1"

KINDS: Final = (
    Kind(
        "authority",
        "供热主管部门",
        "any",
        (Attribute("authority_level", "code", "层级", codes=AUTHORITY_LEVELS), ADCODE, ADDRESS),
    ),
    Kind(
        "company",
        "热力企业",
        "any",
        (
            Attribute("licence", "text", "经营许可"),
            Attribute("licence_until", "date", "许可有效期至"),
            Attribute("authority_code", "text", "主管部门", reference="authority"),
            ADDRESS,
            Attribute("credit_code", "text", "统一社会信用代码", source=_PROFILE),
            coded("registration_type", "登记注册类型", REGISTRATION_TYPE),
            coded("heating_mode", "供热方式", HEATING_MODE),
            Attribute("registered_capital_cny", "number", "注册资本", "元", source=_PROFILE),
            Attribute("employee_count", "integer", "从业人数", "人", source=_PROFILE),
        ),
    ),
    Kind("licence_area", "企业许可范围", "polygon", (COMPANY, Attribute("licence", "text", "经营许可"))),
    Kind("coverage_area", "供热范围", "polygon", (OF_KIND, OF_CODE)),
    Kind("object_point", "对象点位", "point", (OF_KIND, OF_CODE, ADDRESS)),
)
"""`object_point` is the delivered point of an object whose own geometry is its extent: an estate, a building, an area."""
