//! Lines as rows (mapping.md §2, §3, §5).

use super::*;
use event::{Fixed, Type, Value};

fn one(message: &str) -> EventBatch {
    let target = Target {
        dataset: "logs-cruddur".into(),
        group: "cruddur".into(),
        stream: "web/1".into(),
        region: "eu-central-1".into(),
        service: Some(("backend".into(), Some("prod".into()))),
    };
    lines(
        &target,
        1_800_000_000_000_000_000,
        [(1_799_999_999_123, message)].into_iter(),
    )
}

fn field(batch: &EventBatch, name: &str) -> Option<Value> {
    let mut found = None;
    batch.for_each_attr(0, |key, value| {
        if key == name {
            found = Some(value.to_owned());
        }
    });
    found
}

fn text(batch: &EventBatch, fixed: Fixed) -> Option<String> {
    match batch.fixed(fixed)?.value(0)? {
        ValueRef::Str(s) => Some(s.to_owned()),
        other => Some(other.to_string()),
    }
}

fn body(batch: &EventBatch) -> String {
    text(batch, Fixed::Body).unwrap()
}

#[test]
fn a_line_is_kept_byte_for_byte() {
    for message in [
        "plain",
        "  spaces \t stay \r\n second line\n",
        "{\"body\":\"not this\",\"a\":1}",
        " { \"a\" : 1 } ",
        "\u{1b}[31mred\u{1b}[0m",
        "ümläut 日本",
        "{broken",
        "\u{0}",
    ] {
        assert_eq!(body(&one(message)), message);
    }
}

#[test]
fn every_row_says_where_it_came_from() {
    let row = one("x");
    assert_eq!(row.ts(), [1_799_999_999_123_000_000]);
    assert_eq!(row.dataset(0), "logs-cruddur");
    assert_eq!(text(&row, Fixed::Service).as_deref(), Some("backend"));
    for (name, value) in [
        ("meta.source", "cloudwatch"),
        ("meta.signal_type", "log"),
        ("aws.log.group.name", "cruddur"),
        ("aws.log.stream.name", "web/1"),
        ("cloud.region", "eu-central-1"),
        ("deployment.environment.name", "prod"),
    ] {
        assert_eq!(field(&row, name), Some(Value::Str(value.into())), "{name}");
    }
    assert_eq!(field(&row, "meta.annotation_type"), None);
    assert_eq!(text(&row, Fixed::Name), None);
}

#[test]
fn members_of_a_json_line_become_fields_of_their_types() {
    let row = one(
        r#"{"s":"t","i":-7,"f":1.5,"big":18446744073709551615,"b":true,"n":null,"":1,
           "o":{"p":{"q":"deep"}},"list":[1,{"a":2}],"level":"WARN","service.name":"own","duration_ms":12.5,"@timestamp":"x"}"#,
    );
    for (name, value) in [
        ("s", Value::Str("t".into())),
        ("i", Value::Int(-7)),
        ("f", Value::Float(1.5)),
        ("big", Value::Float(18_446_744_073_709_551_615.0)),
        ("b", Value::Bool(true)),
        ("o.p.q", Value::Str("deep".into())),
        ("list", Value::Str(r#"[1,{"a":2}]"#.into())),
        ("level", Value::Str("WARN".into())),
        ("severity", Value::Str("WARN".into())),
        ("@timestamp", Value::Str("x".into())),
    ] {
        assert_eq!(field(&row, name), Some(value), "{name}");
    }
    assert_eq!(field(&row, "n"), None);
    assert_eq!(field(&row, ""), None);
    // Names over fixed columns go there (mapping.md §3.1).
    assert_eq!(text(&row, Fixed::Service).as_deref(), Some("own"));
    assert_eq!(text(&row, Fixed::DurationNs).as_deref(), Some("12500000"));
}

#[test]
fn severity_is_the_first_that_is_said() {
    for (line, severity) in [
        (r#"{"severity":"a","level":"b"}"#, Some("a")),
        (r#"{"level":"b","levelname":"c"}"#, Some("b")),
        (r#"{"levelname":"c"}"#, Some("c")),
        (r#"{"log":{"level":"d"}}"#, Some("d")),
        (r#"{"log.level":"e"}"#, Some("e")),
        (r#"{"x":1}"#, None),
        ("ERROR plain", None),
        (r#"["severity"]"#, None),
    ] {
        let want = severity.map(|s| Value::Str(s.into()));
        assert_eq!(field(&one(line), "severity"), want, "{line}");
    }
}

#[test]
fn nesting_beyond_ten_levels_is_json_text() {
    let deep = format!("{}1{}", "{\"a\":".repeat(12), "}".repeat(12));
    let row = one(&deep);
    let name = ["a"; 10].join(".");
    assert_eq!(
        field(&row, &name),
        Some(Value::Str(r#"{"a":{"a":1}}"#.into()))
    );
    // Deeper than a body may be: the line is kept, and is no object.
    let deeper = format!("{}1{}", "{\"a\":".repeat(70), "}".repeat(70));
    let row = one(&deeper);
    assert_eq!(body(&row), deeper);
    assert!(
        row.attrs()
            .iter()
            .all(|a| a.ty() == Type::Str && !a.key.starts_with("a."))
    );
}

#[test]
fn ids_found_make_the_line_part_of_its_trace() {
    let row = one("done trace_id=5759e988bd862e3fe1be46a994272793 span_id=53995c3f42cd8ad8");
    assert_eq!(
        row.trace_id(0).unwrap().to_string(),
        "5759e988bd862e3fe1be46a994272793"
    );
    assert_eq!(row.span_id(0), None);
    let parent = row.fixed(Fixed::ParentId).unwrap().id8(0).unwrap();
    assert_eq!(hex::encode(parent), "53995c3f42cd8ad8");
    assert_eq!(
        field(&row, "meta.annotation_type"),
        Some(Value::Str("span_event".into()))
    );
}

#[test]
fn a_line_two_hours_ahead_keeps_its_time() {
    let target = Target {
        dataset: "d".into(),
        group: "g".into(),
        stream: "s".into(),
        region: "r".into(),
        service: None,
    };
    let now = 1_800_000_000_000_000_000;
    let ahead = 1_800_000_000_000 + 2 * 3_600_000;
    let batch = lines(&target, now, [(ahead, "x")].into_iter());
    assert_eq!(batch.ts(), [ahead * 1_000_000]);
    assert_eq!(field(&batch, "meta.client_ts"), None);
}
