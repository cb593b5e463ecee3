//! What browsers say in different words about the same mistake (rollbar.md §7.3).

use super::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// The family of a message, if it is a known one.
#[must_use]
pub fn family(message: &str) -> Option<String> {
    let line = message.lines().next().unwrap_or_default().trim();
    // Browsers put it before what they report without a class.
    let line = line.strip_prefix("Uncaught ").unwrap_or(line);
    let line = ["TypeError: ", "ReferenceError: ", "Error: "]
        .iter()
        .fold(line, |l, p| l.strip_prefix(p).unwrap_or(l));
    if let Some(property) = of_nothing(line) {
        return Some(format!("property of nothing: {property}"));
    }
    static UNDEFINED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?:Can't find variable: ([\w$]+)|'?([\w$]+)'? is not defined)\b")
    });
    if let Some(name) = first_group(&UNDEFINED, line) {
        return Some(format!("not defined: {name}"));
    }
    static FUNCTION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?:[\w$.()\[\]]*\.)?([\w$]+)(?:\([^)]*\))? is not a function\b")
    });
    if let Some(name) = first_group(&FUNCTION, line) {
        return Some(format!("not a function: {name}"));
    }
    static CHUNK: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?ix)loading\ (?:css\ )?chunk\ \S+\ failed | failed\ to\ fetch\ dynamically\ imported\ module
              | error\ loading\ dynamically\ imported\ module | importing\ a\ module\ script\ failed",
        )
    });
    if CHUNK.is_match(line) {
        return Some("code not loaded".to_owned());
    }
    let known = [
        ("Script error", "script of another origin"),
        ("ResizeObserver loop", "resize observer loop"),
        ("QuotaExceededError", "storage full"),
        ("exceeded the quota", "storage full"),
        ("out of memory", "out of memory"),
        ("Out of memory", "out of memory"),
    ];
    let found = known.iter().find(|(words, _)| line.contains(words));
    found.map(|(_, name)| (*name).to_owned())
}

/// The property that was asked of null or undefined, in the words of four browsers.
fn of_nothing(line: &str) -> Option<String> {
    static WORDS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
        [
            pattern(
                r"^Cannot (?:read|set) propert(?:y|ies) of (?:null|undefined) \((?:reading|setting) '([^']+)'\)",
            ),
            pattern(r"^Cannot (?:read|set) property '([^']+)' of (?:null|undefined)"),
            pattern(r#"^can't access property "?([\w$]+)"?"#),
            pattern(
                r"^(?:null|undefined) is not an object \(evaluating '[^']*?\.?([\w$]+)(?:\([^']*)?(?: = [^']*)?'\)",
            ),
            pattern(r"^[\w$.]+\.([\w$]+) is (?:null|undefined)$"),
        ]
    });
    WORDS.iter().find_map(|w| first_group(w, line))
}

fn first_group(regex: &Regex, text: &str) -> Option<String> {
    let captures = regex.captures(text)?;
    let group = captures.iter().skip(1).flatten().next()?;
    Some(group.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn browsers_agree() {
        let same = |texts: &[&str]| {
            let first = family(texts[0]);
            assert!(first.is_some(), "{}", texts[0]);
            for t in texts {
                assert_eq!(family(t), first, "{t}");
            }
        };
        same(&[
            "Cannot read properties of undefined (reading 'handle')",
            "Cannot read property 'handle' of undefined",
            "can't access property \"handle\", a.b is undefined",
            "undefined is not an object (evaluating 'a.b.handle')",
            "Uncaught TypeError: Cannot read properties of null (reading 'handle')",
        ]);
        same(&["foo is not defined", "Can't find variable: foo"]);
        same(&[
            "a.b.go is not a function",
            "b.go is not a function. (In 'b.go()', 'b.go' is undefined)",
        ]);
        same(&[
            "Loading chunk 12 failed.",
            "Failed to fetch dynamically imported module: https://x/a.js",
        ]);
        assert_ne!(
            family("Cannot read properties of undefined (reading 'a')"),
            family("Cannot read properties of undefined (reading 'b')"),
        );
        assert_eq!(family("boom"), None);
    }
}
