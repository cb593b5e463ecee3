//! Lines that pass and lines that do not, by hand; each case names its section of cloudwatch.md.

mod cases;

use super::Pattern;
use cases::{Case, JSON, LINE, REFUSED, SIGNS, TERMS, WORDS};
use std::collections::BTreeSet;

fn check(cases: &[Case]) {
    for (section, pattern, pass, fail) in cases {
        let read = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{section} {pattern}: {e}"));
        for line in *pass {
            assert!(
                read.matches(line),
                "§{section}: {pattern} has to pass {line}"
            );
        }
        for line in *fail {
            assert!(
                !read.matches(line),
                "§{section}: {pattern} must not pass {line}"
            );
        }
    }
}

#[test]
fn terms() {
    check(TERMS);
}

#[test]
fn terms_with_signs_and_expressions() {
    check(SIGNS);
}

#[test]
fn json() {
    check(JSON);
}

#[test]
fn words() {
    let short = "127.0.0.1 - frank [10/Oct/2000] \"GET /\" 200";
    for (section, pattern, passes) in WORDS {
        let read = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        assert_eq!(read.matches(LINE), *passes, "§{section}: {pattern}");
    }
    let six = Pattern::parse("[ip, id, user, time, request, status]").unwrap();
    assert!(six.matches(short) && !six.matches(LINE));
    let open = Pattern::parse("[a, b]").unwrap();
    assert!(open.matches("[not closed") && open.matches("  a   b  "));
}

#[test]
fn there_are_enough_cases_and_each_names_its_section() {
    let lines = [TERMS, SIGNS, JSON].concat();
    let sections = lines.iter().map(|c| (c.0, c.1));
    let sections: Vec<_> = sections.chain(WORDS.iter().map(|w| (w.0, w.1))).collect();
    assert!(sections.len() >= 80, "{}", sections.len());
    let patterns: BTreeSet<&str> = sections.iter().map(|(_, pattern)| *pattern).collect();
    assert_eq!(patterns.len(), sections.len(), "a pattern stands twice");
    let refused = REFUSED.iter().map(|r| (r.0, r.1));
    for (section, pattern) in sections.into_iter().chain(refused) {
        assert!(section.starts_with('6'), "{pattern}: {section}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (section, pattern, what, at) in REFUSED {
        let invalid = Pattern::parse(pattern).unwrap_err();
        assert_eq!(
            (invalid.what.as_str(), invalid.at),
            (*what, *at),
            "§{section}: {pattern}"
        );
    }
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(65), ")".repeat(65));
    assert!(Pattern::parse(&deep).is_err());
    assert!(Pattern::parse(&"x".repeat(1_025)).is_err());
    assert!(Pattern::parse(&"ü".repeat(1_024)).is_ok());
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_judged_without_a_panic(
        pattern in "[\\[{]?[ $.a-c1*=!<>&|()\"%\\\\?,\\]}-]{0,24}",
        line in "[\\[\\]\"{}: a-c1,.ü]{0,24}",
    ) {
        if let Ok(read) = Pattern::parse(&pattern) {
            let _ = read.matches(&line);
        }
    }

    /// A quoted phrase is exactly substring search.
    #[test]
    fn a_phrase_is_a_substring(phrase in "[a-c ]{0,3}[a-c]", line in "[a-c ]{0,12}") {
        let read = Pattern::parse(&format!("\"{phrase}\"")).unwrap();
        proptest::prop_assert_eq!(read.matches(&line), line.contains(&phrase));
    }
}
