"""Code lists of the standards, as our copy of the data dictionary prints them; every list names its clause.

Meanings are `Chinese English`, one blank between. Where a standard prints words without codes, the word is the code. Doubtful
entries stand as printed: elements 0810012 and 0810013 print some words twice and split others, and are not interpreted.
`tests/twin/test_code_lists.py` holds every list against the dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list of codes.

    Attributes
    ----------
    name
        Name in the data dictionary; empty for a list of our own.
    source
        Standard and clause or element; empty for a list of our own.
    codes
        Meaning by code, Chinese and English.
    words
        Other words that deliveries write, and the code each means. The Chinese words of `codes` need not be repeated.
    """

    name: str
    source: str
    codes: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)


BURIAL_METHOD: Final = CodeList(
    "pipe_burial_method",
    "GB/T 36625.5-2019 0810008",
    {
        "1": "直埋 direct burial",
        "2": "管沟 trench",
        "3": "管块 duct block",
        "4": "套管 casing",
        "5": "地表 on the ground",
        "6": "架空 overhead",
        "9": "其他 other",
    },
    {"直埋敷设": "1", "管沟敷设": "2", "地沟": "2", "架空敷设": "6"},
)
"""Burial method (埋设方式)."""

INSULATION_METHOD: Final = CodeList(
    "pipe_insulation_method",
    "GB/T 36625.5-2019 0810012",
    {
        "1": "岩棉 rock wool, first of two",
        "2": "瓦块 moulded block",
        "3": "岩棉 rock wool, second of two",
        "4": "聚氨酯 polyurethane",
        "5": "钢 steel, printed apart from 6",
        "6": "套钢 steel sleeve, printed apart from 5",
        "9": "其他 other",
    },
    {"聚氨酯保温": "4", "聚氨酯泡沫": "4", "硬质聚氨酯": "4", "岩棉": "1", "瓦块保温": "2"},
)
"""Insulation method (保温方式). The word 岩棉 is read as 1; 钢套钢 (steel in steel) is not read, the printed list is damaged."""

ANTICORROSION_METHOD: Final = CodeList(
    "pipe_anticorrosion_method",
    "GB/T 36625.5-2019 0810013",
    {
        "01": "石油沥青玻璃丝布 petroleum asphalt with glass cloth",
        "02": "塑性沥青胶带 plastic asphalt tape",
        "03": "玻璃钢 glass fibre reinforced plastic, first of two",
        "04": "冷缠带 cold-applied tape",
        "05": "两层聚乙烯(缩略语:2PE) two-layer polyethylene",
        "06": "三层聚乙烯(缩略语:3PE) three-layer polyethylene",
        "07": "玻璃钢 glass fibre reinforced plastic, second of two",
        "08": "环氧粉末 epoxy powder",
        "09": "沥青添STAC矿脂带 asphalt with STAC petrolatum tape",
        "10": "耐候明管 weather-resistant exposed pipe",
        "11": "银粉 silver paint",
        "12": "环氧树脂 epoxy resin",
        "99": "其他 other",
    },
    {
        **{
            "2PE": "05",
            "两层聚乙烯": "05",
            "二层聚乙烯": "05",
            "3PE": "06",
            "三层聚乙烯": "06",
            "玻璃钢": "03",
            "冷缠胶带": "04",
        },
    },
)
"""Anticorrosion method (防腐方式)."""

HEAT_USER_CLASS: Final = CodeList(
    "heat_user_class",
    "GB/T 36625.5-2019 0820001",
    {"1": "工业企业供热 industrial enterprises", "2": "居民供热 residents"},
    {"工业": "1", "居民": "2"},
)
"""Heat user class (热力用户分类); public buildings have none."""

FLOW_DIRECTION: Final = CodeList(
    "heat_flow_direction",
    "GB/T 36625.5-2019 0820002",
    {
        "0": "由起点流向终点 start to end",
        "1": "由终点流向起点 end to start",
        "2": "动态平衡或不确定 changing or unknown",
    },
)
"""Heat flow direction (热力流向)."""

REGISTRATION_TYPE: Final = CodeList(
    "operator_registration_type",
    "GB/T 43097-2023 5.1",
    {
        "事业单位": "事业单位 public institution",
        "企业单位/国有企业": "企业单位/国有企业 enterprise: state-owned",
        "企业单位/集体企业": "企业单位/集体企业 enterprise: collective",
        "企业单位/股份合作企业": "企业单位/股份合作企业 enterprise: joint-stock cooperative",
        "企业单位/联营企业": "企业单位/联营企业 enterprise: jointly operated",
        "企业单位/有限责任公司": "企业单位/有限责任公司 enterprise: limited liability company",
        "企业单位/股份有限公司": "企业单位/股份有限公司 enterprise: company limited by shares",
        "企业单位/私营企业": "企业单位/私营企业 enterprise: private",
        "企业单位/港澳台商投资企业": "企业单位/港澳台商投资企业 enterprise: Hong Kong, Macao or Taiwan invested",
        "企业单位/外商投资企业": "企业单位/外商投资企业 enterprise: foreign-invested",
    },
    {
        **{"国有企业": "企业单位/国有企业", "集体企业": "企业单位/集体企业", "私营企业": "企业单位/私营企业"},
        **{"有限责任公司": "企业单位/有限责任公司", "股份有限公司": "企业单位/股份有限公司"},
    },
)
"""Registration type of a heating company (登记注册类型)."""

HEATING_MODE: Final = CodeList(
    "heating_mode",
    "GB/T 43097-2023 5.1",
    {
        "集中供热/热电联产(含多热源联网)": "集中供热/热电联产(含多热源联网) central: CHP, several sources joined included",
        "集中供热/非热电联产": "集中供热/非热电联产 central: non-CHP",
        "分散供热": "分散供热 decentralised",
    },
    {"热电联产": "集中供热/热电联产(含多热源联网)", "非热电联产": "集中供热/非热电联产"},
)
"""Heating mode (供热方式), also the type of a heat source."""

ENERGY_KIND: Final = CodeList(
    "heat_source_energy_type",
    "GB/T 43097-2023 8.3",
    {"燃煤": "燃煤 coal", "燃气": "燃气 gas", "核能": "核能 nuclear", "生物质": "生物质 biomass", "其他": "其他 other"},
    {"煤": "燃煤", "天然气": "燃气"},
)
"""Energy kind of a heat source (能源类型)."""

STATION_MANAGEMENT: Final = CodeList(
    "heat_station_count/管理权限",
    "GB/T 43097-2023 6.1.3",
    {"自管热力站": "自管热力站 managed by the supplier", "其他": "其他 other"},
    {"自管": "自管热力站"},
)
STATION_EXCHANGE: Final = CodeList(
    "heat_station_count/换热形式",
    "GB/T 43097-2023 6.1.3",
    {"汽-水换热": "汽-水换热 steam to water", "水-水换热": "水-水换热 water to water"},
    {"汽水换热": "汽-水换热", "水水换热": "水-水换热"},
)
STATION_CONNECTION: Final = CodeList(
    "heat_station_count/连接形式",
    "GB/T 43097-2023 6.1.3",
    {"混水或直接连接": "混水或直接连接 mixing or direct", "间接连接": "间接连接 indirect"},
    {"直接连接": "混水或直接连接", "混水": "混水或直接连接", "间供": "间接连接", "直供": "混水或直接连接"},
)
STATION_AUTOMATION: Final = CodeList(
    "heat_station_count/自动化程度",
    "GB/T 43097-2023 6.1.3",
    {
        "无人值守运行": "无人值守运行 unattended",
        "有人值守自动化运行": "有人值守自动化运行 attended, automatic",
        "手动运行": "手动运行 manual",
    },
    {"无人值守": "无人值守运行", "有人值守": "有人值守自动化运行", "手动": "手动运行"},
)
STATION_SPECIAL: Final = CodeList(
    "heat_station_count/特殊类型",
    "GB/T 43097-2023 6.1.3",
    {"楼宇热力站": "楼宇热力站 building substation", "吸收式大温差热力站": "吸收式大温差热力站 absorption, large difference"},
)
"""Attributes of substations (TB-15); the standard counts them by these words."""

BUILDING_TYPE: Final = CodeList(
    "building_type",
    "GB/T 43097-2023 6.1.4",
    {
        "公共建筑": "公共建筑 public building",
        "居住建筑": "居住建筑 residential building",
        "工业建筑": "工业建筑 industrial building",
    },
    {
        **dict.fromkeys(
            ("住宅", "居住", "民用住宅", "apartments", "residential", "house", "dormitory", "terrace", "detached"), "居住建筑"
        ),
        **dict.fromkeys(
            (
                *(
                    "公建",
                    "商业",
                    "办公",
                    "学校",
                    "医院",
                    "commercial",
                    "office",
                    "retail",
                    "hotel",
                    "school",
                    "hospital",
                    "mall",
                    "shop",
                ),
                *("bank", "embassy", "arts_centre", "place_of_worship", "attraction", "transportation", "public", "university"),
            ),
            "公共建筑",
        ),
        **dict.fromkeys(("厂房", "工业", "industrial", "warehouse", "factory"), "工业建筑"),
    },
)
"""Building type (建筑类型); the words of OpenStreetMap are known."""

ENERGY_CLASS: Final = CodeList(
    "energy_grade_public_building + energy_grade_residential_building",
    "GB/T 43097-2023 6.1.4",
    {
        "节能": "节能 public: energy saving",
        "非节能": "非节能 public: not energy saving",
        "非节能及一步节能": "非节能及一步节能 residential: none or step 1",
        "二步节能": "二步节能 residential: step 2",
        "三步节能": "三步节能 residential: step 3",
        "四步及以上节能": "四步及以上节能 residential: step 4 or higher",
    },
    {"一步节能": "非节能及一步节能", "四步节能": "四步及以上节能", "一步节能及非节能": "非节能及一步节能"},
)
"""Energy grade (建筑节能等级): two of public, four of residential buildings."""

HEATING_SYSTEM_FORM: Final = CodeList(
    "heating_system_form",
    "GB/T 43097-2023 6.1.4",
    {
        "水平单管串联": "水平单管串联 horizontal single pipe, series",
        "水平单管跨越": "水平单管跨越 horizontal single pipe, bypass",
        "垂直双管": "垂直双管 vertical two-pipe",
        "垂直单管跨越": "垂直单管跨越 vertical single pipe, bypass",
        "分户独立循环": "分户独立循环 a circuit for each household",
        "其他": "其他 other",
    },
)
HEAT_METERING_MODE: Final = CodeList(
    "heat_metering_mode",
    "GB/T 43097-2023 6.1.4",
    {
        "户用热量表": "户用热量表 household heat meter",
        "其他/散热器热分配计法": "其他/散热器热分配计法 other: radiator allocator",
        "其他/流量温度法": "其他/流量温度法 other: flow and temperature",
        "其他/通断时间面积法": "其他/通断时间面积法 other: on-off time and area",
        "其他/温度面积法": "其他/温度面积法 other: temperature and area",
    },
    {"散热器热分配计法": "其他/散热器热分配计法", "通断时间面积法": "其他/通断时间面积法", "热量表": "户用热量表"},
)
HEAT_CONTROL_MODE: Final = CodeList(
    "heat_control_mode",
    "GB/T 43097-2023 6.1.4",
    {"楼栋调控": "楼栋调控 by building", "分户调控": "分户调控 by household", "无": "无 none"},
)
CHARGING_MODE: Final = CodeList(
    "charging_mode",
    "GB/T 43097-2023 6.1.4",
    {"按面积收费": "按面积收费 by area", "按热计量收费": "按热计量收费 by metered heat", "其他": "其他 other"},
    {"面积": "按面积收费", "计量": "按热计量收费"},
)
HEATING_TERMINAL_FORM: Final = CodeList(
    "heating_terminal_form",
    "GB/T 43097-2023 8.6",
    {"散热器": "散热器 radiator", "地板辐射": "地板辐射 radiant floor", "风机盘管": "风机盘管 fan coil", "其他": "其他 other"},
    {"暖气片": "散热器", "地暖": "地板辐射", "地热": "地板辐射"},
)
"""Records of single buildings (TB-16)."""

RISK_HAZARD_MAJOR_CLASS: Final = CodeList(
    "risk_hazard_major_class",
    "CJ/T 545-2021 5.4.2",
    {
        "01": "市政设施 municipal facilities",
        "02": "房屋建筑 buildings",
        "03": "交通设施 transport facilities",
        "04": "人员密集区域 crowded areas",
    },
)
RISK_HAZARD_MINOR_CLASS: Final = CodeList(
    "risk_hazard_minor_class",
    "CJ/T 545-2021 5.4.2",
    {
        "001": "市政燃气 municipal gas",
        "002": "市政交通 municipal transport",
        "003": "市政供水 municipal water supply",
        "004": "市政排水 municipal drainage",
        "005": "市政供热 municipal heating",
        "006": "管廊 utility tunnel",
        "007": "内涝 waterlogging",
        "008": "路面塌陷 road collapse",
        "009": "桥梁 bridge",
        "010": "隧道 tunnel",
        "011": "建筑施工 construction site",
        "012": "危房 dangerous building",
        "013": "人员密集场所 crowded place",
        "014": "其他 other",
    },
)
RISK_HAZARD_THIRD_CLASS: Final = CodeList(
    "risk_hazard_third_class",
    "CJ/T 545-2021 5.4.2",
    {
        "00101": "交叉穿越 gas: crossing",
        "00102": "违章占压 gas: illegal occupation above the pipe",
        "00103": "管网老化腐蚀 gas: ageing and corrosion",
        "00104": "管网泄漏 gas: leakage",
        "00105": "其他 gas: other",
        "00301": "管网爆管 water supply: pipe burst",
        "00302": "管网老旧腐蚀 water supply: ageing and corrosion",
        "00303": "地面沉降 water supply: ground settlement",
        "00304": "脱节断裂 water supply: joint separation or fracture",
        "00305": "其他 water supply: other",
        "00401": "暴雨洪涝 drainage: rainstorm and flood",
        "00402": "管网淤积 drainage: silting",
        "00403": "管网溢流 drainage: overflow",
        "00404": "管网腐蚀 drainage: corrosion",
        "00405": "管网脱节断裂 drainage: joint separation or fracture",
        "00406": "其他 drainage: other",
        "01001": "结构损伤 tunnel: structural damage",
        "01002": "地基沉降 tunnel: foundation settlement",
        "01003": "裂缝 tunnel: crack",
        "01004": "其他 tunnel: other",
    },
)
"""Third classes; heating (005) has none."""
RISK_HAZARD_LEVEL: Final = CodeList(
    "risk_hazard_level",
    "CJ/T 545-2021 5.4.2",
    {"1": "重大风险 major", "2": "较大风险 significant", "3": "一般风险 general", "4": "低风险 low"},
)
HAZARD_SOURCE_MAJOR_CLASS: Final = CodeList(
    "hazard_source_major_class",
    "CJ/T 545-2021 5.4.2.3",
    {
        "01": "物理性危险 physical",
        "02": "化学性危险 chemical",
        "03": "生物性危险 biological",
        "04": "心理、生理性危险 psychological or physiological",
        "05": "行为性危险 behavioural",
        "06": "其他危险 other",
    },
)
HAZARD_SOURCE_MINOR_CLASS: Final = CodeList(
    "hazard_source_minor_class",
    "CJ/T 545-2021 5.4.2.3",
    {
        "0101": "防护缺陷 physical: defective protection",
        "0102": "电危害 physical: electrical",
        "0103": "噪声危害 physical: noise",
        "0104": "电磁辐射 physical: electromagnetic radiation",
        "0105": "明火 physical: open flame",
        "0106": "其他 physical: other",
        "0201": "易燃易爆 chemical: flammable or explosive",
        "0202": "有毒物质 chemical: toxic",
        "0203": "腐蚀性物质 chemical: corrosive",
        "0204": "其他 chemical: other",
    },
)
FINDING_STATUS: Final = CodeList(
    "key_work_status",
    "CJ/T 545-2021 5.3.3",
    {
        "1": "部待下发 ministry: to be issued",
        "2": "省待下发 province: to be issued",
        "3": "市待报送 city: to be submitted",
        "4": "省待报送 province: to be submitted",
        "5": "办结 closed",
    },
)
"""State of a suspected problem found on patrol (巡查发现疑似问题)."""

GAS_STATION_TYPE: Final = CodeList(
    "",
    "DB3306/T 046-2022 6.2.2 table 2; 6.2.1 table 1; 6.2.3 table 3",
    {
        "城市气源门站": "城市气源门站 city gas-source gate station",
        "LNG站": "LNG站 LNG station",
        "CNG站": "CNG站 CNG station",
        "主要调压站": "主要调压站 main pressure regulating station",
        "储配站": "储配站 storage and distribution station",
        "供应站": "供应站 supply station of bottled gas",
        "加气站": "加气站 vehicle filling station",
    },
    {"门站": "城市气源门站", "调压站": "主要调压站", "气化站": "LNG站"},
)
"""Kinds of gas station that the document names; it has no codes, the word is the code."""

POINT_TYPE: Final = CodeList(
    "",
    "",
    {
        "end": "端点 end",
        "joint": "接点 joint",
        "elbow": "弯头 elbow",
        "tee": "三通 tee",
        "cross": "四通 cross",
        "reducer": "变径 reducer",
        "compensator": "补偿器 compensator",
        "fixed_support": "固定支架 fixed support",
        "sliding_support": "滑动支架 sliding support",
        "drain": "泄水 drain",
        "vent": "放气 vent",
        "strainer": "除污器 strainer",
        "cap": "管帽 cap",
        "detector": "探测点 located point",
        "other": "其他 other",
    },
    {
        **{"弯管": "elbow", "转折点": "elbow", "直线点": "joint", "变径管": "reducer", "变径点": "reducer", "大小头": "reducer"},
        **{"波纹补偿器": "compensator", "套筒补偿器": "compensator", "伸缩器": "compensator", "固定墩": "fixed_support"},
        **{"固定支座": "fixed_support", "泄水阀": "drain", "泄水点": "drain", "排气": "vent", "放气阀": "vent", "放气点": "vent"},
        **{"盲板": "cap", "堵头": "cap", "起点": "end", "终点": "end", "junction": "joint", "node": "joint"},
    },
)
"""Types of pipe point (管点类型). The list of element 0810002 is not printed in our dictionary, so these codes are our own."""

FACILITY_TYPE: Final = CodeList(
    "facility_type",
    "CJ/T 545-2021 7.3.1.2",
    {
        "SZSSLX_RQL": "燃气类 gas",
        "SZSSLX_GSL": "供水类 water supply",
        "SZSSLX_PSGW": "排水类/排水管网 drainage: drainage network",
        "SZSSLX_PSBZ": "排水类/泵站 drainage: pumping station",
        "SZSSLX_PSHDSW": "排水类/河道水位 drainage: river water level",
        "SZSSLX_PSYLZ": "排水类/雨量站 drainage: rain gauge station",
        "SZSSLX_GRGW": "供热类/供热管网 heating: heating network",
        "SZSSLX_GLL": "管廊类 utility tunnel",
        "SZSSLX_HW": "环卫设施类 environmental sanitation facilities",
        "FWSSLX_DT": "房屋设施类/电梯 building facilities: lift",
        "JTSSLX_QLL": "桥梁类 bridges",
        "SSLX_QTL": "其他类 other",
    },
)
"""Type of a municipal facility (设施类型, SSLXDM). Heating has one: the network."""

MEASURING_DEVICE_TYPE: Final = CodeList(
    "device_type",
    "CJ/T 545-2021 7.3.1.2, device types",
    {
        "SBLX_0014": "供热类/温度传感器 temperature sensor (heating)",
        "SBLX_0015": "供热类/压力传感器 pressure sensor (heating)",
        "SBLX_0016": "供热类/土壤温度传感器 soil temperature sensor (heating)",
        "SBLX_0017": "管廊类/廊体裂缝监测设备 tunnel body crack monitor",
        "SBLX_0018": "管廊类/廊体沉降监测设备 tunnel body settlement monitor",
        "SBLX_0019": "管廊类/廊体温度监测设备 tunnel temperature monitor",
        "SBLX_0020": "管廊类/廊内气体监测设备(一氧化碳(CO)浓度) tunnel gas monitor: carbon monoxide",
        "SBLX_0021": "管廊类/廊内气体监测设备(氧气(O₂)浓度) tunnel gas monitor: oxygen",
        "SBLX_0022": "管廊类/廊内气体监测设备(甲烷(CH₄)浓度) tunnel gas monitor: methane",
        "SBLX_0023": "管廊类/廊内气体监测设备(硫化氢(H₂S)浓度) tunnel gas monitor: hydrogen sulphide",
        "SBLX_0024": "管廊类/廊内管线压力 pressure of the pipelines in the tunnel",
        "SBLX_0025": "管廊类/廊内管线可燃气体监测设备 combustible gas monitor for the pipelines in the tunnel",
    },
)
"""Type of a measuring device (设备类型, SBLX). Type `SBLX_00nn` measures item `JCX_00nn`. Flow, heat and level have none."""

MONITORED_ITEM: Final = CodeList(
    "monitored_item",
    "CJ/T 545-2021 7.3.1.2, monitored items",
    {
        "JCX_0014": "供热类/温度 temperature",
        "JCX_0015": "供热类/压力 pressure",
        "JCX_0016": "供热类/土壤温度 soil temperature",
        "JCX_0017": "管廊类/廊体裂缝 tunnel body crack",
        "JCX_0018": "管廊类/廊体沉降 tunnel body settlement",
        "JCX_0019": "管廊类/廊体温度 tunnel temperature",
        "JCX_0020": "管廊类/一氧化碳(CO)浓度 carbon monoxide (CO) concentration",
        "JCX_0021": "管廊类/氧气(O₂)浓度 oxygen (O2) concentration",
        "JCX_0022": "管廊类/甲烷(CH₄)浓度 methane (CH4) concentration",
        "JCX_0023": "管廊类/硫化氢(H₂S)浓度 hydrogen sulphide (H2S) concentration",
        "JCX_0024": "管廊类/廊内管线压力 pressure of the pipelines in the tunnel",
        "JCX_0025": "管廊类/廊内管线可燃气体 combustible gas of the pipelines in the tunnel",
    },
)
"""What a measuring device measures (监测项, JCX)."""

MEASURING_DEVICE_STATE: Final = CodeList(
    "",
    "CJ/T 545-2021 7.3.1.2, SBZT",
    {
        "未使用": "未使用 unused",
        "正常": "正常 normal",
        "试运行": "试运行 on trial",
        "故障": "故障 faulty",
        "维修": "维修 under repair",
        "报废": "报废 scrapped",
    },
)
"""State of a measuring device (设备状态); the standard prints words without codes, the word is the code."""

WARNING_TYPE: Final = CodeList(
    "warning_type",
    "CJ/T 545-2021 5.4.3.1, YJLX",
    {
        "01": "燃气泄漏 gas leak",
        "02": "燃气爆炸 gas explosion",
        "03": "管网爆管 network pipe burst",
        "04": "泄漏 leak",
        "05": "路面塌陷 road collapse",
        "06": "暴雨洪涝 rainstorm and flood",
        "07": "排水管网淤积 drainage network silting",
        "08": "排水管网溢流 drainage network overflow",
        "09": "结构损伤 structural damage",
        "10": "极端天气 extreme weather",
        "11": "车辆超载 overloaded vehicle",
        "12": "其他 other",
    },
)
"""Type of a warning (预警类型), the kind of problem."""
WARNING_LEVEL: Final = CodeList(
    "warning_level",
    "CJ/T 545-2021 5.4.3.1, YJJB",
    {"1": "一级 level 1", "2": "二级 level 2", "3": "三级 level 3", "4": "四级 level 4"},
)
"""Level of a warning (预警级别), 1 the highest."""
WARNING_STATE: Final = CodeList(
    "warning_status", "CJ/T 545-2021 5.4.3.1, YJZT", {"01": "发布 issued", "02": "处置 being handled", "03": "解除 lifted"}
)
"""State of a warning (预警状态)."""

DRAWN_BY: Final = CodeList("", "", {"company": "热企绘制 drawn by a heating company", "plant": "电厂管线 of a power plant"})
"""Who drew a pipe: two of the 23 layers that are converted."""
NO_BURN_STATE: Final = CodeList(
    "",
    "",
    {
        "planned": "拟划定 planned",
        "in_force": "已生效 in force",
        "key_control": "重点管控 under special control",
        "lifted": "已解除 lifted",
    },
)
"""State of a no-burn zone (禁燃区); no document at hand has codes."""
UNIFIED_CODE_STATE: Final = CodeList(
    "",
    "",
    {"registered": "已注册 registered", "assigned": "本系统赋码待注册 given by us, to be registered"},
    {"已注册": "registered", "待注册": "assigned"},
)
"""Whether a unified code stands in the register or was given by us (`twin.unified_code`)."""

CODE_LISTS: Final[tuple[CodeList, ...]] = tuple(value for value in list(globals().values()) if isinstance(value, CodeList))
"""Every list of this module."""
