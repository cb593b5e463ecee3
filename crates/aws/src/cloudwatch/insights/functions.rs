//! The functions of the language: what each name means, and what completion shows of it.

use engine::query::pipeline::Function;

/// What a function's name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// A function of values.
    Value(Function),
    /// `bin(period)`: the time cut down.
    Bin,
    /// `datefloor`, `dateceil` (true): a moment cut down or up.
    Round(bool),
    /// An aggregate of `stats`.
    Aggregate(Aggregation),
}

/// An aggregate by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aggregation {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Stddev,
    /// `pct(f, p)`
    Percentile,
    Median,
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

/// A function as people see it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives.
    pub about: &'static str,
    /// Whether it stands in `stats` only.
    pub aggregate: bool,
    pub(super) meaning: Meaning,
}

const fn value(
    name: &'static str,
    signature: &'static str,
    function: Function,
    about: &'static str,
) -> Known {
    Known {
        name,
        signature,
        about,
        aggregate: false,
        meaning: Meaning::Value(function),
    }
}

const fn aggregate(
    name: &'static str,
    signature: &'static str,
    of: Aggregation,
    about: &'static str,
) -> Known {
    Known {
        name,
        signature,
        about,
        aggregate: true,
        meaning: Meaning::Aggregate(of),
    }
}

const fn time(
    name: &'static str,
    signature: &'static str,
    meaning: Meaning,
    about: &'static str,
) -> Known {
    Known {
        name,
        signature,
        about,
        aggregate: false,
        meaning,
    }
}

/// Every function that is built (cloudwatch.md §7.5).
pub const FUNCTIONS: &[Known] = &[
    value("abs", "abs(n)", Function::Abs, "absolute value"),
    value("ceil", "ceil(n)", Function::Ceil, "rounded up"),
    value("floor", "floor(n)", Function::Floor, "rounded down"),
    value(
        "greatest",
        "greatest(a, b, …)",
        Function::Greatest,
        "the greatest number",
    ),
    value(
        "least",
        "least(a, b, …)",
        Function::Least,
        "the least number",
    ),
    value("log", "log(n)", Function::Log, "natural logarithm"),
    value("sqrt", "sqrt(n)", Function::Sqrt, "square root"),
    value(
        "isempty",
        "isempty(f)",
        Function::IsEmpty,
        "1 when missing or empty",
    ),
    value(
        "isblank",
        "isblank(f)",
        Function::IsBlank,
        "1 when missing, empty or white space",
    ),
    value(
        "concat",
        "concat(a, b, …)",
        Function::Concat,
        "one text after the other",
    ),
    value(
        "ltrim",
        "ltrim(s[, chars])",
        Function::TrimStart,
        "without white space at its start",
    ),
    value(
        "rtrim",
        "rtrim(s[, chars])",
        Function::TrimEnd,
        "without white space at its end",
    ),
    value(
        "trim",
        "trim(s[, chars])",
        Function::Trim,
        "without white space at both ends",
    ),
    value(
        "strlen",
        "strlen(s)",
        Function::Length,
        "number of characters",
    ),
    value("toupper", "toupper(s)", Function::Upper, "in capitals"),
    value("tolower", "tolower(s)", Function::Lower, "in small letters"),
    value(
        "substr",
        "substr(s, start[, length])",
        Function::Substring,
        "a part of it, from 0",
    ),
    value(
        "replace",
        "replace(s, find, new)",
        Function::Replace,
        "each occurrence replaced",
    ),
    value(
        "strcontains",
        "strcontains(s, find)",
        Function::Contains,
        "1 when it is inside",
    ),
    time("bin", "bin(5m)", Meaning::Bin, "@timestamp cut to a period"),
    time(
        "datefloor",
        "datefloor(t, 1h)",
        Meaning::Round(false),
        "a time cut to a period",
    ),
    time(
        "dateceil",
        "dateceil(t, 1h)",
        Meaning::Round(true),
        "a time cut up to a period",
    ),
    value(
        "fromMillis",
        "fromMillis(n)",
        Function::FromMillis,
        "milliseconds as a time",
    ),
    value(
        "toMillis",
        "toMillis(t)",
        Function::ToMillis,
        "a time as milliseconds",
    ),
    value("now", "now()", Function::Now, "seconds since 1970"),
    value(
        "ispresent",
        "ispresent(f)",
        Function::IsPresent,
        "1 when there is a value",
    ),
    value(
        "coalesce",
        "coalesce(a, b, …)",
        Function::Coalesce,
        "the first value there is",
    ),
    value(
        "jsonParse",
        "jsonParse(s)",
        Function::JsonParse,
        "text as a map or a list",
    ),
    value(
        "jsonStringify",
        "jsonStringify(v)",
        Function::JsonStringify,
        "a value as JSON text",
    ),
    value(
        "isValidIp",
        "isValidIp(f)",
        Function::IsIp,
        "1 for an IP address",
    ),
    value(
        "isValidIpV4",
        "isValidIpV4(f)",
        Function::IsIpV4,
        "1 for an IPv4 address",
    ),
    value(
        "isValidIpV6",
        "isValidIpV6(f)",
        Function::IsIpV6,
        "1 for an IPv6 address",
    ),
    value(
        "isIpInSubnet",
        "isIpInSubnet(f, cidr)",
        Function::InSubnet,
        "1 when in the subnet",
    ),
    value(
        "isIpv4InSubnet",
        "isIpv4InSubnet(f, cidr)",
        Function::InSubnetV4,
        "as before, IPv4",
    ),
    value(
        "isIpv6InSubnet",
        "isIpv6InSubnet(f, cidr)",
        Function::InSubnetV6,
        "as before, IPv6",
    ),
    value("md5", "md5(s)", Function::Md5, "MD5 in hex"),
    value("sha256", "sha256(s)", Function::Sha256, "SHA-256 in hex"),
    aggregate(
        "count",
        "count(*)",
        Aggregation::Count,
        "number of rows, or of those with the field",
    ),
    aggregate(
        "count_distinct",
        "count_distinct(f)",
        Aggregation::CountDistinct,
        "number of values",
    ),
    aggregate("sum", "sum(f)", Aggregation::Sum, "sum"),
    aggregate("avg", "avg(f)", Aggregation::Avg, "mean"),
    aggregate("min", "min(f)", Aggregation::Min, "smallest"),
    aggregate("max", "max(f)", Aggregation::Max, "greatest"),
    aggregate(
        "stddev",
        "stddev(f)",
        Aggregation::Stddev,
        "standard deviation of a sample",
    ),
    aggregate("pct", "pct(f, 95)", Aggregation::Percentile, "percentile"),
    aggregate(
        "median",
        "median(f)",
        Aggregation::Median,
        "50th percentile",
    ),
    aggregate(
        "earliest",
        "earliest(f)",
        Aggregation::Earliest,
        "value of the oldest row",
    ),
    aggregate(
        "latest",
        "latest(f)",
        Aggregation::Latest,
        "value of the newest row",
    ),
    aggregate(
        "sortsFirst",
        "sortsFirst(f)",
        Aggregation::SortsFirst,
        "first value in sort order",
    ),
    aggregate(
        "sortsLast",
        "sortsLast(f)",
        Aggregation::SortsLast,
        "last value in sort order",
    ),
];

/// Functions of the language that are not built: each is refused by its name.
pub const NOT_BUILT: [&str; 5] = [
    "unmask",
    "rate",
    "count_over_time",
    "sum_over_time",
    "histogram",
];

/// The function of that name, in any case.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    FUNCTIONS.iter().find(|f| f.name.eq_ignore_ascii_case(name))
}
