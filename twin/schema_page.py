"""Writes `docs/schema.md` from the catalogue: `python -m twin.schema_page > docs/schema.md`; a test compares the two."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from twin.city_layers import CITY_LAYERS
from twin.code_lists import CODE_LISTS
from twin.contents import GROUPS
from twin.kinds import KINDS, Attribute, Kind
from twin.registers import REGISTERS
from twin.unified_code import OWN_CLASSES

_HEAD: Final = """# The archive's schema

Written by `python -m twin.schema_page > docs/schema.md` from `twin/kinds`, `twin/code_lists.py`, `twin/city_layers.py`
and `twin/registers.py`; a test holds the two together. `GET /kinds` serves the same.

Every asset has `kind`, `code` (unique in its kind and city), `name`, an owner company, a district and a geometry in
WGS-84. What differs between kinds are the attributes below. Units are those of the name; `code` attributes take only
listed values.

## How values are read

- **Words for codes.** A delivery may write the Chinese word of a code (直埋, 三层聚乙烯) or one of the listed other
  words; it is read as the code, with a note that counts them. A word that two codes share is none. A code that lost its
  leading zeros in a table of numbers (1 for 01) gets them back.
- **Names** are stored in one form: full-width letters, digits and brackets as usual ones, no blanks between Chinese
  characters, traditional characters simplified. Where that changes a name, the delivered text stays as `name_delivered`,
  and a note counts it.
- **Addresses** stay as delivered; `address_key` is what they are compared by: also without brackets and punctuation,
  numerals before 号, 栋, 楼, 单元 ... in digits, and 栋, 幢, # and 号楼 as one (`twin.naming.comparison_key`).
  绿园区三号楼 and 綠園區３栋 have one key.
- **Times** become UTC; those without a zone are the city's.
- **Persons.** Names and telephone numbers that CJ/T 545 asks of hazards and findings are no part of the archive: every
  seat that may see an asset reads all its attributes. Heat users and households are registers, whose personal fields are
  masked.

## Doubts of the sources

Element 0810012 prints 岩棉 twice (1 and 3) and 钢, 套钢 apart (5, 6), element 0810013 玻璃钢 twice (03, 07): the codes
are taken as given and not interpreted; the word 岩棉 is read as 1, 玻璃钢 as 03, 钢套钢 as nothing. The list of pipe
point classes (0810002) is not printed in our dictionary: `point_class_code` takes what comes, `point_type` is a list of
our own. Element 0820004 prints m³ for a flow: it is stored as m³/h. Hazards of heating (005) have no third class. GB/T
43097 and DB3306/T 046 print words without codes: the word is the code. No document at hand has states of a no-burn zone:
that list is ours.

## The unified identification code (CJ/T 553-2024)

`unified_code` stands beside our own code. **The standard was not at hand.** What is known comes from a public summary of
it (plusstd.com, CJ/T 553-2024): 21 digits = 6 administrative division (GB/T 2260), 6 classification (major, middle,
minor class), 9 of the user's own; the classes of heating are not known, class 99 is said to be free for extensions, and
no check digit is mentioned. Before codes are registered, this must be compared with the standard.

- A delivered code is held against that structure: 21 digits that begin with a division. What does not fit is left out
  and reported (`bad_unified_code`).
- One code belongs to one asset of the whole deployment: a second row or asset with it is reported (`unified_code_twice`)
  and goes without. Codes of heat users (a register) are checked for structure only.
- Nothing is assigned on import: an invented number would look registered. `twin.unified_code.assigned_codes` makes codes
  of our own, marked `unified_code_state = assigned` until they are registered: major class 99, middle class by kind
  (table below), minor class 00, eight digits counted up, and as last digit a check digit over the first twenty (ISO/IEC
  7064, MOD 11,10). A code of class 99 with a wrong check digit is refused, in deliveries and in edits.
- `GET /assets?unified_code=` finds the asset.

"""


def schema_page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD.rstrip(), *_own_classes(), *_layers(), *_kinds(), *_registers(), *_lists(), ""])


def _own_classes() -> Iterator[str]:
    yield "\n| kind | middle class of codes of ours |\n|---|---|"
    yield from (f"| `{kind}` | {number} |" for kind, number in OWN_CLASSES.items())


def _layers() -> Iterator[str]:
    yield "\n## The 23 layers of a hand-over (CC-21)\n"
    yield "A manifest may write these names as `kind`; `GET /contents` counts what came of each.\n"
    yield "| layer | Chinese | becomes | with |\n|---|---|---|---|"
    for layer in CITY_LAYERS:
        constants = ", ".join(f"`{name} = {value}`" for name, value in layer.constants.items())
        yield f"| `{layer.name}` | {layer.name_zh} | `{layer.kind}` | {constants} |"


def _kinds() -> Iterator[str]:
    yield "\n## Kinds"
    for group in GROUPS:
        yield f"\n### {group.name_zh} · {group.name_en}"
        for name in group.kinds:
            yield from _kind(KINDS[name])


def _registers() -> Iterator[str]:
    yield "\n## Registers"
    for register in REGISTERS.values():
        yield from _kind(register.kind)


def _kind(kind: Kind) -> Iterator[str]:
    yield f"\n#### `{kind.name}` {kind.name_zh} ({kind.geometry})\n"
    yield "| attribute | Chinese | type | source |\n|---|---|---|---|"
    yield from (_attribute(attribute) for attribute in kind.attributes)


def _attribute(attribute: Attribute) -> str:
    type_: str = attribute.type
    if attribute.type == "code":
        type_ = (
            "code: "
            + ", ".join(f"`{code}`" for code in list(attribute.codes)[:12])
            + (" ..." if len(attribute.codes) > 12 else "")
        )
    if attribute.unit:
        type_ += f", {attribute.unit}"
    if attribute.reference:
        type_ += f", code of a `{attribute.reference}`"
    if attribute.format:
        type_ += f", printed as {attribute.format}"
    if attribute.required:
        type_ += ", **needed**"
    return f"| `{attribute.name}` | {attribute.label_zh} | {type_} | {attribute.source} |"


def _lists() -> Iterator[str]:
    yield "\n## Code lists"
    for each in CODE_LISTS:
        title = " ".join(part for part in (each.source or "our own", f"(`{each.name}`)" if each.name else "") if part)
        yield f"\n### {title}\n"
        yield "| code | meaning |\n|---|---|"
        yield from (f"| `{code}` | {meaning} |" for code, meaning in each.codes.items())
        if each.words:
            yield "\nAlso read: " + ", ".join(f"{word} = `{code}`" for word, code in each.words.items()) + "."


if __name__ == "__main__":
    sys.stdout.write(schema_page())
