"""Numbers of things, in words for people."""


def counted(number: int, one: str, several: str = "") -> str:
    """So many of something: `1 finding`, `2 findings`.

    Args:
        several: their name if there is not exactly one; by default that of one with an s.
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
