"""What a dossier is searched by: the values that its procedure names as indexed, as they are kept and compared.

Pure; the rows are `engine.storage`'s, what a filter asks for is `engine.queries.indexed`'s business.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from engine.dossiers.checking import Unacceptable, clean_date
from engine.exchange.ports import Json
from engine.models.procedure import Indexed

LONGEST = 200
"""How much of a value is kept and compared, in characters."""


def searchable(text: str) -> str:
    """A text as it is searched: lower case, without accents, single spaces."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return re.sub(r"\s+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def kept(value: Json) -> str | None:
    """A single value as it is kept and compared; None: nothing to search by, such as a list or an empty text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        return None
    return searchable(str(value))[:LONGEST] or None


def sought(text: str, type_: str) -> str:
    """What somebody asks for as it is compared; a date of a field of *type_* date may be written dd/mm/yyyy."""
    if type_ == "date":
        try:
            return clean_date(text)
        except Unacceptable:
            pass
    return searchable(text)[:LONGEST]


def entries(indexed: Sequence[Indexed], data: Mapping[str, Json]) -> dict[str, str | None]:
    """What is kept of those *indexed* whose field *data* has, by path; None: there is no such value any more."""
    return {
        one.path: kept(_at(data[one.root], one.path.split(".")[1:])) for one in indexed if one.root in data
    }


def _at(data: Json, path: Sequence[str]) -> Json:
    for step in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(step)
    return data
