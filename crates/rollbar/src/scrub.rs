//! What must not be stored: masked by its name or by its form, before anything else sees the payload
//! (rollbar.md §10, reliability.md §6).

use crate::json::Json;
use regex::Regex;
use std::sync::LazyLock;

/// What stands in its place.
pub const MASK: &str = "********";

/// Names whose values are masked, in snake case: alone, or as the last words of a longer name.
const NAMES: [&str; 38] = [
    "pw",
    "pwd",
    "pass",
    "passwd",
    "password",
    "passphrase",
    "password_confirmation",
    "confirm_password",
    "passwd_confirmation",
    "secret",
    "secret_key",
    "secret_token",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "auth",
    "authentication",
    "authorization",
    "credentials",
    "api_key",
    "apikey",
    "private_key",
    "access_key",
    "encryption_key",
    "cookie",
    "cookies",
    "set_cookie",
    "session",
    "sessionid",
    "csrf",
    "xsrf",
    "csrfmiddlewaretoken",
    "ssn",
    "card",
    "card_number",
    "cvv",
    "cvc",
];

/// Paths recorded at most.
const PATHS: usize = 100;

/// Masks in place; returns the paths of what was masked.
pub fn scrub(data: &mut Json) -> Vec<String> {
    let mut paths = Vec::new();
    walk(data, "", &mut String::new(), &mut paths);
    paths
}

fn walk(value: &mut Json, name: &str, path: &mut String, paths: &mut Vec<String>) {
    let depth = path.len();
    match value {
        Json::Map(members) => {
            for (key, value) in members {
                if depth > 0 {
                    path.push('.');
                }
                path.push_str(key);
                if is_secret(key) && has_value(value) {
                    *value = MASK.into();
                    note(path, paths);
                } else {
                    walk(value, key, path, paths);
                }
                path.truncate(depth);
            }
        }
        Json::List(list) => {
            for (i, value) in list.iter_mut().enumerate() {
                path.push_str(&format!(".{i}"));
                walk(value, name, path, paths);
                path.truncate(depth);
            }
        }
        Json::Text(text) => {
            if let Some(masked) = masked(name, text) {
                *text = masked;
                note(path, paths);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn note(path: &str, paths: &mut Vec<String>) {
    if paths.len() < PATHS {
        paths.push(path.to_owned());
    }
}

/// What the sender masked already, and nothing, need no mask.
fn has_value(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(_) => false,
        Json::Text(s) => !s.is_empty() && !s.bytes().all(|b| b == b'*'),
        Json::List(l) => !l.is_empty(),
        Json::Map(m) => !m.is_empty(),
        Json::Number(_) => true,
    }
}

/// Whether values of that name are masked.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let snake = snake(name);
    NAMES.iter().any(|secret| {
        snake
            .strip_suffix(secret)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    })
}

/// `X-Api-Key`, `apiKey` → `api_key`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for c in name.chars() {
        match c {
            'A'..='Z' => {
                if before.is_ascii_lowercase() || before.is_ascii_digit() {
                    out.push('_');
                }
                out.push(c.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' => out.push(c),
            _ if out.ends_with('_') || out.is_empty() => {}
            _ => out.push('_'),
        }
        before = c;
    }
    out
}

/// The text with secrets masked; `None` when there are none.
fn masked(name: &str, text: &str) -> Option<String> {
    // A look at the bytes first: nearly every text has nothing to hide.
    let suspicious = text.len() >= 12
        && (text.contains('=')
            || text.contains('@')
            || text.contains("eyJ")
            || text.contains("AKIA")
            || text.contains("ASIA")
            || text.contains("PRIVATE KEY")
            || text.contains("earer ")
            || text.bytes().filter(u8::is_ascii_digit).count() >= 13);
    if !suspicious {
        return None;
    }
    let mut out = text.to_owned();
    for pattern in FORMS.iter() {
        if pattern.is_match(&out) {
            out = pattern
                .replace_all(&out, format!("${{keep}}{MASK}${{tail}}"))
                .into_owned();
        }
    }
    static CARD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|6(?:011|5\d{2}))(?:[ -]?\d){9,15}\b",
        )
    });
    if CARD.is_match(&out) {
        out = CARD
            .replace_all(&out, |c: &regex::Captures<'_>| match is_luhn(&c[0]) {
                true => MASK.to_owned(),
                false => c[0].to_owned(),
            })
            .into_owned();
    }
    let is_query = snake(name).ends_with("query_string") || out.contains('?');
    if is_query && out.contains('=') {
        static PAIR: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"(?P<lead>^|[?&;])(?P<name>[\w.\[\]%-]{1,64})=(?P<value>[^&;\s#]+)")
        });
        out = PAIR
            .replace_all(&out, |c: &regex::Captures<'_>| {
                match is_secret(&c["name"]) {
                    true => format!("{}{}={MASK}", &c["lead"], &c["name"]),
                    false => c[0].to_owned(),
                }
            })
            .into_owned();
    }
    (out != text).then_some(out)
}

/// Forms that are secrets wherever they stand; what `keep` holds stays.
static FORMS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        pattern(r"(?P<keep>)\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
        pattern(r"(?P<keep>)\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
        pattern(r"(?P<keep>\b[Bb]earer )[A-Za-z0-9._~+/-]{8,}=*"),
        pattern(
            r"(?s)(?P<keep>)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        ),
        pattern(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s/:@]+:)[^\s/@]+(?P<tail>@)"),
    ]
});

fn is_luhn(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| match i % 2 {
            0 => *d,
            _ if *d > 4 => d * 2 - 9,
            _ => d * 2,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

/// A pattern written in this file; the tests use each of them.
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours is a pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> (String, Vec<String>) {
        let mut json = Json::parse(text.as_bytes()).unwrap();
        let paths = scrub(&mut json);
        (json.to_string(), paths)
    }

    #[test]
    fn names_are_masked_at_any_depth() {
        let (text, paths) = scrubbed(
            r#"{"request":{"headers":{"X-Api-Key":"k1","Cookie":"a=b","Accept":"x"}},
                "body":{"trace":{"frames":[{"locals":{"secret_token":"s","userPassword":"p","n":1}}]}},
                "custom":{"passage":"kept","token_count":3,"password":null,"session":{"a":1}}}"#,
        );
        for gone in ["k1", "a=b", "\"s\"", "\"p\"", "\"a\":1"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        for kept in [
            "\"Accept\":\"x\"",
            "\"n\":1",
            "\"passage\":\"kept\"",
            "\"token_count\":3",
            "\"password\":null",
        ] {
            assert!(text.contains(kept), "{kept} not in {text}");
        }
        assert_eq!(paths.len(), 5);
        assert_eq!(paths[0], "request.headers.X-Api-Key");
        assert_eq!(paths[2], "body.trace.frames.0.locals.secret_token");
    }

    #[test]
    fn secrets_are_known_by_their_form() {
        for (text, want) in [
            ("card 4111 1111 1111 1111 refused", "card ******** refused"),
            // Not a card: the check digit is wrong. The 13 digits of a time in milliseconds.
            ("order 4111 1111 1111 1112", "order 4111 1111 1111 1112"),
            (
                "at 1700000000123 and 1700000000456",
                "at 1700000000123 and 1700000000456",
            ),
            (
                "Authorization: Bearer abcdefgh12345",
                "Authorization: Bearer ********",
            ),
            ("key AKIAIOSFODNN7EXAMPLE", "key ********"),
            (
                "https://x.io/a?user=ann&access_token=12345678&n=1",
                "https://x.io/a?user=ann&access_token=********&n=1",
            ),
            (
                "postgres://app:hunter22@db:5432/x",
                "postgres://app:********@db:5432/x",
            ),
            (
                "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
                "jwt ********",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
                "********",
            ),
        ] {
            let mut json = Json::Map(vec![("message".into(), text.into())]);
            scrub(&mut json);
            assert_eq!(json.text_at("message").as_deref(), Some(want));
        }
    }

    #[test]
    fn what_is_clean_is_left_as_it_is() {
        let text = r#"{"body":{"message":{"body":"Hello World!"}},"uuid":"a=b"}"#;
        assert_eq!(scrubbed(text), (text.to_owned(), Vec::new()));
    }
}
