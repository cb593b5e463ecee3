import json


def load(text):
    return json.loads(text)


def require(value):
    if value is None:
        raise ValueError("missing")


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def countdown(n):
    if n == 0:
        raise OSError("done")
    countdown(n - 1)


def read(path):
    with open(path) as f:
        return f.read()


def many(two):
    try:
        raise TimeoutError("b" if two else "a")
    except TimeoutError:
        raise ConnectionError("c")
