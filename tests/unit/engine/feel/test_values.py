"""What an expression makes of values that come from outside."""

from engine import feel


class ReadWhenNamed(dict[str, object]):
    """A mapping that fetches a member only when it is asked for, as the dossier does."""

    def __getitem__(self, key: str) -> object:
        return {"child": "An"} if key == "data" else super().__getitem__(key)


def test_key_that_is_no_string_is_written_all_the_same() -> None:
    assert feel.evaluate("string(x)", {"x": {1: "a"}}) == '{1: "a"}'


def test_a_member_that_is_read_only_when_it_is_named_is_found() -> None:
    dossier = ReadWhenNamed(code="H99", data=None)
    assert feel.compile("dossier.data.child", ())({"dossier": dossier}) == "An"
