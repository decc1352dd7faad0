"""Warnings (预警) of CJ/T 545: twelve types, four levels, and three states that only persons change.

A warning is not an alarm: an alarm is what a rule finds at a device and ends by itself; a warning is what somebody tells others
to be ready for, and holds until somebody lifts it. Levels are other levels (`twin.status.WarningLevel`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from twin.code_lists import WARNING_TYPE
from twin.errors import BadWarning

Model: TypeAlias = Literal["by_hand", "alarm", "incident", "leak", "cause", "what_if"]
"""What found the problem (分析模型): a person, an alarm, an incident, the search for leaks or causes, a what-if."""
MODELS: Final[tuple[Model, ...]] = get_args(Model)
WarningState: TypeAlias = Literal["01", "02", "03"]
ISSUED: Final = "01"
HANDLING: Final = "02"
LIFTED: Final = "03"
_NEXT: Final[Mapping[str, tuple[str, ...]]] = {HANDLING: (ISSUED,), LIFTED: (ISSUED, HANDLING)}
_WORDS: Final = {ISSUED: "issued", HANDLING: "being handled", LIFTED: "lifted"}
_LENGTHS: Final = {"name": 100, "address": 200, "content": 1000, "analysis": 1000, "advice": 1000}


@dataclass(frozen=True, slots=True)
class WarningDraft:
    """A warning as it is issued; lengths are those of the standard, in bytes of GB 18030.

    Attributes
    ----------
    name, content
        What it is called and what it says.
    type
        Code of `twin.code_lists.WARNING_TYPE`.
    level
        1 (highest) to 4.
    asset_id
        Object that it is about; None = only a place.
    address
        Where; empty = derived from the asset.
    position_wgs84
        Longitude and latitude; None = that of the asset.
    model, origin_id
        What found it, and the number of the alarm or incident.
    analysis, advice
        What is known, and what to do.
    """

    name: str
    type: str
    level: int
    content: str
    asset_id: int | None = None
    address: str = ""
    position_wgs84: tuple[float, float] | None = None
    model: Model = "by_hand"
    origin_id: int | None = None
    analysis: str = ""
    advice: str = ""

    def __post_init__(self) -> None:
        if self.type not in WARNING_TYPE.codes:
            raise BadWarning(f"type is {self.type!r}; it must be one of {', '.join(WARNING_TYPE.codes)}")
        if self.level not in {1, 2, 3, 4}:
            raise BadWarning(f"level is {self.level}; warning levels are 1 (highest) to 4")
        if self.model not in MODELS:
            raise BadWarning(f"model is {self.model!r}; it must be one of {', '.join(MODELS)}")
        for field, most in _LENGTHS.items():
            size = len(getattr(self, field).encode("gb18030", "replace"))
            if size > most:
                raise BadWarning(f"{field} takes {size} bytes in GB 18030; at most {most} fit")
        if not self.name.strip() or not self.content.strip():
            raise BadWarning("a warning needs a name and what it says (name, content)")
        if self.asset_id is None and not self.address.strip():
            raise BadWarning("a warning needs a place: asset_id, or an address that names an object of the city")


def require_step(state: str, wanted: WarningState) -> None:
    """Refuse a step that the states do not allow: issued (发布) - being handled (处置) - lifted (解除), never back.

    Raises
    ------
    BadWarning
        Which names both states.
    """
    if state not in _NEXT.get(wanted, ()):
        raise BadWarning(f"the warning is {_WORDS[state]}; it cannot become {_WORDS[wanted]} any more")
