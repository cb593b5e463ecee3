//! Reading JSON from outside: nesting and number of values are limited before anything is built.

use serde::de::{Deserialize, DeserializeOwned};

/// Deepest nesting (reliability.md §3).
const DEPTH_LIMIT: usize = 64;
/// Most values in a body (reliability.md §3).
const VALUES_LIMIT: usize = 1_000_000;

/// Reads `body` as `T`; an empty one is `{}`.
///
/// # Errors
/// Says what is wrong, and where.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    read_in_place(body)
}

/// As [`read`], for what borrows from the body.
///
/// # Errors
/// Says what is wrong, and where.
pub fn read_in_place<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    let body = match body.trim_ascii() {
        b"" => b"{}",
        body => body,
    };
    check(body)?;
    if !body.starts_with(b"{") {
        return Err("the body is no JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|e| e.to_string())
}

/// Whether `body` keeps the limits. Says nothing about whether it is JSON.
///
/// # Errors
/// Names the limit.
pub fn check(body: &[u8]) -> Result<(), String> {
    let (mut depth, mut values, mut in_text, mut escaped) = (0usize, 1usize, false, false);
    for byte in body {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return Err(format!(
                "the body is nested deeper than {DEPTH_LIMIT} levels"
            ));
        }
        if values > VALUES_LIMIT {
            return Err(format!("the body has more than {VALUES_LIMIT} values"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_limited_outside_of_text_only() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(check(nested(64).as_bytes()).is_ok());
        assert!(check(nested(65).as_bytes()).is_err());
        assert!(check(format!("\"{}\\\"[\"", "[".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn an_empty_body_is_an_empty_object() {
        let read: serde_json::Value = read(b" \n").unwrap();
        assert_eq!(read, serde_json::json!({}));
    }
}
