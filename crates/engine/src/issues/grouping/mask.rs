//! Messages without their values (rollbar.md §7.4).
//!
//! One pass from left to right; at each place the first kind of value that stands in the list wins.
//! What a mask stood for stays readable, so that `<int>` and `<uuid>` differ.

use super::pattern;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Longest text looked at, characters.
const LINE_CHARS: usize = 1_024;

/// Shortest argument that is looked for in a message.
const ARG_CHARS: usize = 3;

/// The first line that is not empty, with the arguments and every kind of value replaced.
#[must_use]
pub fn message(text: &str, args: &[String]) -> String {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty());
    let mut line: String = line.unwrap_or_default().chars().take(LINE_CHARS).collect();
    let mut args: Vec<&str> = args
        .iter()
        .map(String::as_str)
        .filter(|a| a.chars().count() >= ARG_CHARS && !a.trim().is_empty())
        .collect();
    // The longer first: one argument may be part of another.
    args.sort_by_key(|a| std::cmp::Reverse(a.len()));
    for arg in args {
        line = line.replace(arg, "<arg>");
    }
    values(&line)
}

/// Kinds of values, in the order of their precedence: the name of the mask, and its pattern.
const KINDS: [(&str, &str); 26] = [
    (
        "email",
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    ),
    ("url", r#"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'"<>)\]]+"#),
    (
        "trace",
        r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b|\b1-[0-9a-f]{8}-[0-9a-f]{24}\b",
    ),
    (
        "uuid",
        r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
    ),
    ("sha256", r"\b[0-9a-fA-F]{64}\b"),
    ("sha1", r"\b[0-9a-fA-F]{40}\b"),
    ("md5", r"\b[0-9a-fA-F]{32}\b"),
    (
        "jwt",
        r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    ),
    (
        "date",
        r"(?x)\b\d{4}-\d{2}-\d{2} (?:[T\x20]\d{2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?)? \b
          | \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\x20 \d{1,2}[\x20-](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[\x20-]\d{2,4}
            (?:\x20\d{2}:\d{2}(?::\d{2})?(?:\x20(?:GMT|UTC|[A-Z]{3}|[+-]\d{4}))?)?
          | \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\x20(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\x20+\d{1,2}\x20
            (?:\d{4}\x20\d{2}:\d{2}:\d{2}(?:\x20GMT[+-]\d{4}(?:\x20\([^)]*\))?)? | \d{2}:\d{2}:\d{2}(?:\x20[A-Z]{3,4})?(?:\x20\d{4})?)
          | \b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\x20\d{1,2}(?:,\x20?|\x20)\d{4}(?:,?\x20\d{1,2}:\d{2}(?::\d{2})?(?:\x20[AP]M)?)?
          | \b\d{1,2}\x20(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\x20\d{4}(?:\x20\d{2}:\d{2}(?::\d{2})?)?
          | \b\d{1,4}/\d{1,2}/\d{1,4}(?:,?\x20\d{1,2}:\d{2}(?::\d{2})?(?:\x20[AP]M)?)?",
    ),
    (
        "ipv6",
        r"(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?",
    ),
    ("ip", r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b"),
    ("time", r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b"),
    ("hex", r"\b0[xX][0-9a-fA-F]+\b"),
    (
        "duration",
        r"\b\d+(?:\.\d+)?(?:ns|us|µs|ms|s|sec|secs|seconds|m|min|mins|minutes|h|hours|d|days)\b",
    ),
    ("number", r"#[A-Za-z]{0,4}-?\d{2,}\b"),
    // As many services write theirs: a word for the kind of thing, then the id.
    ("prefixed", r"\b(?:[A-Za-z]{2,12}_)+[A-Za-z0-9]{8,}\b"),
    ("base64", r"[A-Za-z0-9+/_-]{24,}={0,2}"),
    ("run", r"\b[0-9a-f]{8,}\b|\b[0-9A-F]{8,}\b"),
    ("quoted", r#"=\s*(?:"[^"]*"|'[^']*')"#),
    ("windows", r#"\b[A-Za-z]:\\(?:[^\\\s'":]+\\)+[^\\\s'":]+"#),
    ("file", r"(?:/[\w.@+~-]+){2,}"),
    ("float", r"(?:\B-)?\b\d+\.\d+(?:[eE][+-]?\d+)?"),
    ("int", r"(?:\B-)?\d{2,}"),
    ("stars", r"\*{3,}"),
    ("dashes", r"-{3,}"),
    ("plain", r"$^"),
];

static ALL: LazyLock<Regex> = LazyLock::new(|| compiled(0));
/// The same without the kinds that need a second look, for what fails it.
static LATER: LazyLock<Regex> = LazyLock::new(|| compiled(1));

fn compiled(less: usize) -> Regex {
    let kinds = KINDS.iter().filter(|(name, _)| {
        less == 0 || !matches!(*name, "ipv6" | "prefixed" | "base64" | "run" | "jwt")
    });
    let alternatives: Vec<String> = kinds
        .map(|(name, text)| format!("(?P<{name}>{text})"))
        .collect();
    pattern(&alternatives.join("|"))
}

fn values(text: &str) -> String {
    ALL.replace_all(text, |c: &Captures<'_>| replaced(c))
        .into_owned()
}

fn replaced(c: &Captures<'_>) -> String {
    let whole = &c[0];
    let kind = KINDS.iter().map(|(name, _)| *name).find(|name| {
        // Names of the shorter pattern are missing: a look at one tells nothing.
        c.name(name).is_some()
    });
    let again = || {
        LATER
            .replace_all(whole, |c: &Captures<'_>| replaced(c))
            .into_owned()
    };
    let has = |f: fn(&u8) -> bool| whole.bytes().any(|b| f(&b));
    match kind.unwrap_or("plain") {
        "ipv6" => match whole.parse::<std::net::Ipv6Addr>() {
            Ok(_) if whole.len() > 2 => "<ip>".to_owned(),
            _ => again(),
        },
        "prefixed" => {
            let (kind, id) = whole.rsplit_once('_').unwrap_or_default();
            match id.bytes().any(|b| b.is_ascii_digit()) {
                true => format!("{kind}_<id>"),
                false => again(),
            }
        }
        "base64" => {
            let mixed = has(u8::is_ascii_digit)
                && has(u8::is_ascii_uppercase)
                && has(u8::is_ascii_lowercase);
            match mixed && !whole.contains('/') || whole.ends_with('=') {
                true => "<base64>".to_owned(),
                false => again(),
            }
        }
        "run" => {
            let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
            match mixed {
                true => "<hex>".to_owned(),
                false => again(),
            }
        }
        "quoted" => "=<quoted>".to_owned(),
        "windows" => basename(whole, '\\'),
        "file" => basename(whole, '/'),
        "stars" | "dashes" => "<x>".to_owned(),
        "plain" => whole.to_owned(),
        name => format!("<{name}>"),
    }
}

fn basename(path: &str, separator: char) -> String {
    let name = path.rsplit(separator).next().unwrap_or_default();
    format!(
        "<path>/{}",
        LATER.replace_all(name, |c: &Captures<'_>| replaced(c))
    )
}

#[cfg(test)]
mod tests {
    use super::message;

    /// Expected values: rollbar.md §7.4, kind by kind.
    #[test]
    fn every_kind_of_value() {
        for (text, want) in [
            ("mail to ann@example.com failed", "mail to <email> failed"),
            ("GET https://x.io/a?b=1 failed", "GET <url> failed"),
            (
                "trace 00-5c1fa2000102030405060708090a0b9b-5c1fa20001020304-01 lost",
                "trace <trace> lost",
            ),
            ("root 1-5759e988-bd862e3fe1be46a994272793", "root <trace>"),
            (
                "no user 6fa459ea-ee8a-3ca4-894e-db77e160355e",
                "no user <uuid>",
            ),
            (
                "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "commit <sha1>",
            ),
            ("etag d41d8cd98f00b204e9800998ecf8427e", "etag <md5>"),
            ("from 10.0.0.7:5432 and ::1", "from <ip> and <ip>"),
            ("host fe80::1ff:fe23:4567:890a down", "host <ip> down"),
            ("at 2024-05-01T10:02:11.25Z stopped", "at <date> stopped"),
            ("on 2024-05-01 stopped", "on <date> stopped"),
            ("Mon, 02 Jan 2006 15:04:05 GMT late", "<date> late"),
            ("at 10:02:11 late", "at <time> late"),
            ("took 35ms, then 1.5s", "took <duration>, then <duration>"),
            ("at 0x7ffee3 in", "at <hex> in"),
            ("key 9f3ab21c77 gone", "key <hex> gone"),
            (
                "order #A-10233 and #77 gone",
                "order <number> and <number> gone",
            ),
            ("no charge ch_3MmlLrLkdIwHu7ix", "no charge ch_<id>"),
            ("set max_connections higher", "set max_connections higher"),
            ("the facade decade faced us", "the facade decade faced us"),
            ("ratio 0.75 of -12 and 3", "ratio <float> of <int> and 3"),
            ("phase 3 failed", "phase 3 failed"),
            ("part-12 failed", "part-<int> failed"),
            ("name='bob smith' bad", "name=<quoted> bad"),
            (
                "open /var/data/2024/x12.csv failed",
                "open <path>/x<int>.csv failed",
            ),
            ("password ******** refused", "password <x> refused"),
            ("\n  first line 10\nsecond", "first line <int>"),
        ] {
            assert_eq!(message(text, &[]), want);
        }
    }

    #[test]
    fn arguments_are_taken_out_first() {
        let args = vec!["andrew".to_owned(), "7".to_owned()];
        assert_eq!(
            message("user andrew has 7 posts", &args),
            "user <arg> has 7 posts"
        );
    }
}
