"""The words of the pages."""

from web.words import Words, words


def test_no_word_is_hidden_by_what_a_mapping_can_do() -> None:
    """A page would show the method instead."""
    assert [name for name in words("vi") if hasattr(Words, name)] == []
