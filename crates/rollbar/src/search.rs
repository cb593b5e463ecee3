//! The language of item searches (rollbar.md §9.2), as far as it is built: what is not is refused by name.

use engine::issues::{IssueFilter, Level, Status};

/// One word of a search: quoted ones keep their spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    negated: bool,
    key: Option<String>,
    text: String,
}

/// Adds what a search asks for to a filter.
///
/// # Errors
/// What is not built or cannot be read, by name.
pub fn apply(text: &str, filter: &mut IssueFilter, now: i64) -> Result<(), String> {
    for word in words(text)? {
        let negatable = word.key.is_none();
        if word.negated && !negatable {
            let key = word.key.unwrap_or_default();
            return Err(format!("!{key}: is not built in Foursight"));
        }
        one(word, filter, now)?;
    }
    Ok(())
}

fn one(word: Word, filter: &mut IssueFilter, now: i64) -> Result<(), String> {
    let Word { negated, key, text } = word;
    let Some(key) = key else {
        if let Some(counter) = text.strip_prefix('#').and_then(|n| n.parse().ok()) {
            filter.counter = Some(counter);
        } else if negated {
            filter.not_words.push(text);
        } else {
            filter.words.push(text);
        }
        return Ok(());
    };
    match key.as_str() {
        "status" => {
            let status =
                Status::parse(&text).ok_or_else(|| format!("status:{text} is no status"))?;
            filter.statuses.push(status);
        }
        "level" => {
            let (at_least, name) = match text.strip_prefix(">=") {
                Some(name) => (true, name),
                None => (false, text.as_str()),
            };
            let level = Level::parse(name).ok_or_else(|| format!("level:{text} is no level"))?;
            match at_least {
                true => filter.level_min = Some(level),
                false => filter.levels.push(level),
            }
        }
        "env" | "environment" => filter.environments.push(text),
        "framework" => filter.frameworks.push(text),
        "fingerprint" => filter.fingerprint = Some(text),
        "context" => filter.context = Some(text),
        "code_version" => filter.version = Some(text),
        // The class and the message both stand in the title.
        "class" | "message" | "title" => filter.words.push(text),
        "first" => filter.first_since_ns = Some(now - age(&key, &text)?),
        "last" => filter.last_since_ns = Some(now - age(&key, &text)?),
        "count" => {
            let n = text.strip_prefix('>').and_then(|n| n.parse().ok());
            filter.total_above = Some(n.ok_or_else(|| format!("count:{text}: use count:>100"))?);
        }
        other => return Err(format!("{other}: is not built in Foursight")),
    }
    Ok(())
}

/// `<24h` → nanoseconds.
fn age(key: &str, text: &str) -> Result<i64, String> {
    let bad = || format!("{key}:{text}: use {key}:<24h, with m, h or d");
    let rest = text.strip_prefix('<').ok_or_else(bad)?;
    let unit = rest.chars().last().ok_or_else(bad)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(bad()),
    };
    // Without a sign: an age below nothing would be a time to come.
    let n: u32 = rest.trim_end_matches(unit).parse().map_err(|_| bad())?;
    i64::from(n)
        .checked_mul(seconds)
        .and_then(|s| s.checked_mul(1_000_000_000))
        .ok_or_else(bad)
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (negated, after) = match rest.strip_prefix('!') {
            Some(after) => (true, after),
            None => (false, rest),
        };
        let (first, tail) = take(after)?;
        // A key is a bare word before a colon.
        let (key, text, tail) = match first.split_once(':') {
            Some((key, value)) if !after.starts_with('"') && is_key(key) => {
                match (value, tail.strip_prefix('"')) {
                    ("", Some(_)) => {
                        let (value, tail) = take(tail)?;
                        (Some(key.to_ascii_lowercase()), value, tail)
                    }
                    _ => (Some(key.to_ascii_lowercase()), value.to_owned(), tail),
                }
            }
            _ => (None, first.clone(), tail),
        };
        out.push(Word { negated, key, text });
        rest = tail.trim_start();
    }
    Ok(out)
}

fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// One quoted text, or everything up to a space or a quote.
fn take(text: &str) -> Result<(String, &str), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        let end = quoted.find('"').ok_or("a quote is not closed")?;
        let (inner, rest) = quoted.split_at(end);
        return Ok((inner.to_owned(), rest.get(1..).unwrap_or_default()));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == '"')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    Ok((word.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<IssueFilter, String> {
        let mut f = IssueFilter::new(event::EnvId(1));
        apply(text, &mut f, 100 * 3_600_000_000_000).map(|()| f)
    }

    #[test]
    fn words_and_keys() {
        let f = filter(r#"TypeError "two words" !flask status:active level:>=error env:"my env" #12 first:<24h count:>10"#).unwrap();
        assert_eq!(f.words, ["TypeError", "two words"]);
        assert_eq!(f.not_words, ["flask"]);
        assert_eq!(f.statuses, [Status::Active]);
        assert_eq!(f.level_min, Some(Level::Error));
        assert_eq!(f.environments, ["my env"]);
        assert_eq!(f.counter, Some(12));
        assert_eq!(f.first_since_ns, Some(76 * 3_600_000_000_000));
        assert_eq!(f.total_above, Some(10));
    }

    #[test]
    fn what_is_not_built_is_named() {
        for (text, want) in [
            ("host:web-1", "host: is not built in Foursight"),
            ("!status:active", "!status: is not built in Foursight"),
            ("is:group", "is: is not built in Foursight"),
            ("count:5", "count:5: use count:>100"),
            ("first:24h", "first:24h: use first:<24h, with m, h or d"),
            (
                "last:<-100000d",
                "last:<-100000d: use last:<24h, with m, h or d",
            ),
            ("\"open", "a quote is not closed"),
        ] {
            assert_eq!(filter(text).unwrap_err(), want);
        }
        // A URL or a Python message is no key.
        assert_eq!(
            filter("http://x").unwrap_err(),
            "http: is not built in Foursight"
        );
        assert_eq!(
            filter("\"KeyError: 'x'\"").unwrap().words,
            ["KeyError: 'x'"]
        );
    }
}
