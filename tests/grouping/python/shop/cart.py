import functools

from . import util


def timed(f):
    @functools.wraps(f)
    def inner(*args):
        return f(*args)

    return inner


@timed
def checkout(amount):
    raise RuntimeError(f"payment of {amount} refused")


def add(item):
    util.require(item)


def remove(item):
    util.require(item)


def totals(items):
    return [i + 1 for i in items]


def stream(n):
    for i in range(n):
        yield 1 / (n - 1 - i)


def validate(data):
    raise ValueError("invalid")
