class Missing(Exception):
    pass


class Broken(Exception):
    pass


def average(values):
    return sum(values) / len(values)


def parse(text):
    return int(text)


def pick(kind, long):
    error = Missing if kind == "a" else Broken
    raise error("long text " * 3 if long else "text")


def check(price):
    assert price >= 0, f"price {price}"
