"""What the drawings of a page share: names that tell them apart, and styles that are told once."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

_REFERENCE: Final = re.compile(r"url\((#[^)]+)\)")


def give_names(drawings: Sequence[ET.Element]) -> None:
    """Number the ids in each drawing, after the drawing's own number: files may have the same."""
    for number, svg in enumerate(drawings, 1):
        _number_ids(svg, f"f{number}")


def _number_ids(svg: ET.Element, name: str) -> None:
    ids = [each.get("id", "") for each in svg.iter() if each.get("id")]
    new = {f"#{old}": f"#{name}-{number}" for number, old in enumerate(ids)}
    for element in svg.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, new[f"#{value}"][1:])
            elif key == "href":
                element.set(key, new.get(value, value))
            elif "url(#" in value:
                element.set(key, _REFERENCE.sub(lambda found: f"url({new[found[1]]})", value))


def share_styles(drawings: Sequence[ET.Element]) -> str:
    """Put classes in the place of styles that occur more than once; return rules for them."""
    styled = [each for svg in drawings for each in svg.iter() if each.get("style")]
    times = Counter(each.attrib["style"] for each in styled)
    repeated = [style for style, n in times.most_common() if n > 1]
    names = {style: f"s{number}" for number, style in enumerate(repeated, 1)}
    for each in styled:
        if each.attrib["style"] in names:
            each.set("class", names[each.attrib.pop("style")])
    return "\n".join(f".{name} {{{style}}}" for style, name in names.items())
