"""Rules of the drawn network; the findings of `topology.build.checks` are problems of these."""

from __future__ import annotations

from twin.checks.model import Rule, Severity


def _rule(name: str, severity: Severity, label: tuple[str, str], meaning: tuple[str, str], repairs: tuple[str, ...] = ()) -> Rule:
    """Return a rule whose Chinese message is its meaning with the codes, and whose English one is the finding's own."""
    return Rule(name, "network", severity, *label, *meaning, f"{label[0]}：{{codes}}", "{text}", repairs)


RULES = (
    _rule(
        "part_without_source",
        "error",
        ("孤立管网", "part without source"),
        ("相连的一部分管网，无论怎样开阀都没有热源", "a connected part that no heat source feeds, whatever valves are opened"),
        ("snap_ends",),
    ),
    _rule(
        "part_not_fed",
        "warning",
        ("未供热管网", "part not fed"),
        (
            "按当前阀门状态没有运行热源供热的一部分管网",
            "a connected part that no running source feeds in the present valve state",
        ),
    ),
    _rule(
        "loose_end",
        "error",
        ("管线悬空端", "loose end"),
        (
            "管线端点没有与管线、换热站、热源、热力入口或阀门相接",
            "a pipe end that meets no other pipe, substation, source, inlet or valve",
        ),
        ("snap_ends",),
    ),
    _rule(
        "ends_apart",
        "notice",
        ("端点未精确相接", "ends a little apart"),
        (
            "端点相距 1 毫米至 5 厘米：按容差视为相接，图上仍有缝隙",
            "pipe ends 1 mm to 5 cm apart: they count as joined, but the drawing has a gap",
        ),
        ("snap_ends",),
    ),
    _rule(
        "class_differs",
        "warning",
        ("管网级别与两端不符", "network class differs"),
        (
            "管线登记的管网级别与其两端对象所确定的级别不同（热源、中继站、换热站、热力入口）",
            "a pipe declares another network class than what its run ends at (source, main station, substation, inlet) makes it",
        ),
        ("set_value",),
    ),
    _rule(
        "valve_not_between_two_pipes",
        "warning",
        ("阀门不在管线上", "valve not between two pipes"),
        ("阀门不在同侧两段管线的接点上，不起隔断作用", "a valve that does not sit between exactly two pipe ends of its side"),
        ("move_valve",),
    ),
    _rule(
        "one_sided_valve",
        "warning",
        ("供回水阀门状态不一", "valve pair half closed"),
        ("同一阀对一个开、一个关", "a valve pair of which one is open and the other closed"),
    ),
    _rule(
        "pair_missing",
        "warning",
        ("缺少供回水配对", "pair missing"),
        ("供水管没有对应的回水管，或相反", "a supply pipe without its return pipe, or the other way round"),
        ("retire",),
    ),
    _rule(
        "pair_of_one_side",
        "error",
        ("管对同侧", "pair of one side"),
        ("同一管对的管线同为供水或同为回水，或多于两根", "a pair whose pipes are of the same side, or more than two"),
        ("set_value",),
    ),
    _rule(
        "duplicate_pipe",
        "error",
        ("管线重复", "pipe drawn twice"),
        (
            "同侧两节点之间有等长的多根管线，不属同一管对：同一管线画了两次",
            "pipes of one side between the same two nodes and of the same length, in different pairs: one drawn twice",
        ),
        ("retire",),
    ),
    _rule(
        "supply_joined_to_return",
        "error",
        ("供回水管相接", "supply joined to return"),
        (
            "供水管的悬空端落在回水管的节点上，或相反；供水与回水不能相接",
            "a loose end of a supply pipe on a node of return pipes, or the other way round",
        ),
    ),
    _rule(
        "near_nodes",
        "notice",
        ("相邻节点未相接", "nodes that nearly meet"),
        (
            "同侧两个节点相距 5 至 10 厘米而未相接，多半应是同一节点",
            "two nodes of one side 5 to 10 cm apart, each of which meets something: probably one",
        ),
    ),
    _rule(
        "pipe_longer_than_ends",
        "notice",
        ("管线长度远大于端点距离", "pipe longer than its ends are apart"),
        ("管线长度超过两端距离的三倍", "a pipe more than three times as long as its ends are apart"),
    ),
    _rule(
        "ring_without_valve",
        "notice",
        ("环网无阀门", "ring without a valve"),
        ("阀门之间的管线自成一环，没有阀门可以断开", "a ring of pipes between valves: none of them can open it"),
    ),
    _rule(
        "zero_length_pipe",
        "error",
        ("管线起止点相同", "pipe without length"),
        ("管线两端是同一节点", "a pipe both ends of which are the same node"),
    ),
    _rule(
        "pipe_without_geometry",
        "error",
        ("管线没有图形", "pipe without geometry"),
        ("管线没有图形，不与任何对象相接", "a pipe without positions; it is kept, joined to nothing"),
    ),
    _rule(
        "pipe_without_side",
        "warning",
        ("管线未注明供回水", "pipe without side"),
        ("管线未注明供水或回水，按供水追踪", "a pipe that names neither supply nor return; traced as supply"),
        ("set_value",),
    ),
    _rule(
        "station_off_network",
        "error",
        ("泵站或储热器未接管网", "station off the network"),
        ("中继泵站、隔压站或储热器没有管线相接", "a pump, isolating station or accumulator that no pipe meets"),
    ),
    _rule(
        "source_off_network",
        "warning",
        ("热源未接管网", "source off the network"),
        ("热源没有管线相接", "a heat source that no pipe meets"),
    ),
    _rule(
        "source_without_return",
        "error",
        ("热源只接一侧管线", "source without return"),
        ("热源只与供水或只与回水管线相接", "a heat source that meets pipes of one side only"),
    ),
    _rule(
        "substation_without_primary",
        "error",
        ("换热站未接一次网", "substation without primary pipes"),
        ("换热站没有一次网管线相接", "a substation that no primary pipe meets"),
    ),
    _rule(
        "substation_without_secondary",
        "warning",
        ("换热站未接二次网", "substation without secondary pipes"),
        ("换热站没有二次网管线相接", "a substation that no secondary pipe meets"),
    ),
    _rule(
        "substation_one_sided",
        "warning",
        ("换热站只接一侧管线", "substation with one side only"),
        (
            "换热站的一次侧或二次侧只有供水或只有回水",
            "a substation that meets supply or return pipes only, on the primary or the secondary side",
        ),
    ),
    _rule(
        "inlet_off_network",
        "error",
        ("热力入口未接管网", "inlet off the network"),
        ("热力入口没有管线相接", "a building inlet that no pipe meets"),
        ("move_inlet",),
    ),
    _rule(
        "inlet_without_building",
        "warning",
        ("热力入口没有楼栋", "inlet without building"),
        ("热力入口登记的楼栋不存在或未登记", "a building inlet that names no known building"),
        ("set_value",),
    ),
    _rule(
        "building_without_inlet",
        "notice",
        ("楼栋没有热力入口", "building without inlet"),
        (
            "供热楼栋没有接入管网的热力入口，按登记的换热站追踪",
            "a heated building without an inlet on the network; traced through its declared substation",
        ),
        ("move_inlet", "set_value", "retire"),
    ),
    _rule(
        "building_not_connected",
        "error",
        ("楼栋未接入", "building not connected"),
        ("供热楼栋既没有热力入口也没有换热站", "a heated building without inlet and without substation"),
    ),
    _rule(
        "declared_substation_differs",
        "warning",
        ("登记的换热站与图上不符", "declared substation differs"),
        (
            "楼栋登记的换热站不是图上为其热力入口供热的换热站",
            "a building declared to another substation than those that feed its inlets in the drawing",
        ),
        ("set_value",),
    ),
    _rule(
        "declared_source_differs",
        "warning",
        ("登记的热源与图上不符", "declared source differs"),
        (
            "换热站登记的热源没有在为其供热的那部分管网中运行",
            "a substation declared to a heat source that does not run in the part that feeds it",
        ),
        ("set_value",),
    ),
)
