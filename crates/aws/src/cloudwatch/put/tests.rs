//! The rules of PutLogEvents (cloudwatch.md §5.6), on lines alone.

use super::*;
use std::borrow::Cow;

const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn lines(times: &[i64]) -> Vec<Line<'static>> {
    times.iter().map(|t| (NOW + t, Cow::from("x"))).collect()
}

/// Kept, too old until, expired until, too new from.
type Want = (Range<usize>, Option<usize>, Option<usize>, Option<usize>);

fn check(times: &[i64], retention_days: Option<i64>, want: Want) {
    let expired = retention_days.map(|d| NOW - d * DAY);
    let judged = judge(&lines(times), NOW, expired).unwrap();
    let (kept, too_old_end, expired_end, too_new_start) = want;
    let want = Judged {
        kept,
        too_old_end,
        expired_end,
        too_new_start,
    };
    assert_eq!(judged, want, "{times:?} {retention_days:?}");
}

#[test]
fn lines_outside_of_the_window_are_named_and_the_others_kept() {
    check(&[0], None, (0..1, None, None, None));
    check(&[-14 * DAY, 0 - 13 * DAY], None, (0..2, None, None, None));
    check(
        &[-14 * DAY - 1, -14 * DAY],
        None,
        (1..2, Some(1), None, None),
    );
    check(&[0, 2 * HOUR], None, (0..2, None, None, None));
    check(
        &[0, 2 * HOUR + 1, 3 * HOUR],
        None,
        (0..1, None, None, Some(1)),
    );
    check(
        &[-15 * DAY, 0, 3 * HOUR],
        None,
        (1..2, Some(1), None, Some(2)),
    );
    check(&[-20 * DAY, -15 * DAY], None, (2..2, Some(2), None, None));
    check(&[3 * HOUR], None, (0..0, None, None, Some(0)));
    // A retention shorter than the window.
    check(
        &[-3 * DAY, -2 * DAY, -DAY],
        Some(2),
        (1..3, None, Some(1), None),
    );
    check(
        &[-20 * DAY, -5 * DAY, 0],
        Some(2),
        (2..3, Some(1), Some(2), None),
    );
    // A longer one adds nothing.
    check(&[-20 * DAY, 0], Some(15), (1..2, Some(1), None, None));
}

#[test]
fn the_span_counts_for_lines_that_are_kept() {
    assert!(judge(&lines(&[-DAY, 0]), NOW, None).is_ok());
    let fail = judge(&lines(&[-DAY - 1, 0]), NOW, None).unwrap_err();
    assert_eq!(fail.code, "InvalidParameterException");
    assert_eq!(
        fail.message,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    );
    assert!(judge(&lines(&[-15 * DAY, 0]), NOW, None).is_ok());
    // Shorter than a day, as a whole.
    assert!(judge(&lines(&[-22 * HOUR, 2 * HOUR]), NOW, None).is_ok());
}

#[test]
fn lines_have_to_be_in_order_and_not_too_large() {
    assert!(judge(&lines(&[0, 0, 1]), NOW, None).is_ok());
    let fail = judge(&lines(&[1, 0]), NOW, None).unwrap_err();
    assert_eq!(
        fail.message,
        "Log events in a single PutLogEvents request must be in chronological order."
    );
    // 1,048,576 bytes in all, 26 for each line; "ü" is two bytes.
    let of = |n: usize| vec![(NOW, Cow::from("ü".repeat(n)))];
    assert!(judge(&of((1_048_576 - 26) / 2), NOW, None).is_ok());
    let fail = judge(&of((1_048_576 - 26) / 2 + 1), NOW, None).unwrap_err();
    assert_eq!(
        fail.message,
        "Upload too large: 1048578 bytes exceeds limit of 1048576"
    );
}

#[test]
fn the_framework_names_each_broken_rule() {
    let event = |ms: Option<i64>, text: Option<&'static str>| InputLogEvent {
        timestamp: ms,
        message: text.map(Cow::from),
    };
    let told = |events| framework(events).unwrap_err().message;
    assert_eq!(
        told(None),
        "1 validation error detected: Value null at 'logEvents' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(
        told(Some(vec![])),
        "1 validation error detected: Value '[…]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
    assert_eq!(
        told(Some(vec![
            event(Some(1), Some("a")),
            event(Some(-1), Some(""))
        ])),
        "2 validation errors detected: Value '-1' at 'logEvents.2.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0; Value '' at 'logEvents.2.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
    assert!(told(Some(vec![event(None, None)])).starts_with("2 validation errors detected"));
    let many = (0..10_001).map(|_| event(Some(1), Some("a"))).collect();
    assert!(told(Some(many)).contains("have length less than or equal to 10000"));
    let full = (0..10_000).map(|_| event(Some(1), Some("a"))).collect();
    assert_eq!(framework(Some(full)).unwrap().len(), 10_000);
}

#[test]
fn an_entity_names_the_service_or_says_why_not() {
    let entity = |keys: &[(&str, &str)], attributes: usize| Entity {
        key_attributes: Some(
            keys.iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
        ),
        attributes: Some(
            (0..attributes)
                .map(|i| (i.to_string(), "x".into()))
                .collect(),
        ),
    };
    let service = [
        ("Type", "Service"),
        ("Name", "api"),
        ("Environment", "prod"),
    ];
    let named = Some(("api".to_owned(), Some("prod".to_owned())));
    for (entity, want) in [
        (entity(&service, 0), (named, None)),
        (entity(&service, 11), (None, Some("InvalidAttributes"))),
        (entity(&[], 0), (None, Some("MissingRequiredFields"))),
        (
            entity(&[("Type", "Service")], 0),
            (None, Some("MissingRequiredFields")),
        ),
        (
            entity(&[("Type", "Planet"), ("Name", "x")], 0),
            (None, Some("InvalidTypeValue")),
        ),
        (
            entity(&[("Type", "Service"), ("Color", "x")], 0),
            (None, Some("InvalidKeyAttributes")),
        ),
        (
            entity(&[("Type", "Resource"), ("Identifier", "x")], 0),
            (None, None),
        ),
        (Entity::default(), (None, Some("MissingRequiredFields"))),
    ] {
        assert_eq!(of_entity(&entity), want, "{entity:?}");
    }
}
