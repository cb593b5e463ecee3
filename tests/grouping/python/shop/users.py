def profile(row, column):
    return row[column]


def greet(user):
    return user.handle


def load_or_fail(rows):
    try:
        return rows["a"]
    except KeyError as e:
        raise RuntimeError(f"no row among {sorted(rows)}") from e


def validate(data):
    raise ValueError("invalid")
