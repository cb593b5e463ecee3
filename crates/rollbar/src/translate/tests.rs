use super::*;
use crate::wire;
use event::{EventBatch, Fixed, RowPolicy, TableKind, Type};

const NOW: i64 = 1_772_532_000_000_000_000;

fn row(text: &str) -> EventBatch {
    let mut data = Json::parse(text.as_bytes()).unwrap();
    let kind = wire::check(&data).unwrap();
    frames::order(&mut data);
    let reading = read(&data, kind);
    let target = Target {
        dataset: "rollbar-cruddur",
        project: "cruddur",
        id: 7,
        uuid: "u-1",
        event_id: [9; 16],
    };
    let mut b = BatchBuilder::new(TableKind::Errors, RowPolicy::unlimited(NOW));
    occurrence(&mut b, &target, &data, &reading, text);
    b.finish()
}

fn text(batch: &EventBatch, key: &str) -> Option<String> {
    Some(batch.attr(key, Type::Str)?.value(0)?.to_string())
}

fn fixed(batch: &EventBatch, f: Fixed) -> Option<String> {
    Some(batch.fixed(f)?.value(0)?.to_string())
}

/// Every line of mapping.md §6, with values by hand.
#[test]
fn every_field_of_the_mapping() {
    let payload = r#"{
      "environment":"production","level":"critical","code_version":"42","language":"python 3.11.7",
      "framework":"flask","platform":"linux","context":"/boom/<int:n>","uuid":"u-1","timestamp":1,
      "request":{"method":"get","url":"http://h/boom/1","user_ip":"10.0.0.7, 10.0.0.8","headers":{"User-Agent":"curl/8"}},
      "person":{"id":5,"username":"ann","email":"a@b.c"},
      "server":{"host":"web-1","pid":77,"root":"/app","branch":"main"},
      "custom":{"tries":3,"deep":{"x":[1,2]}},
      "body":{"trace_chain":[
        {"exception":{"class":"TypeError","message":"no view"},"frames":[{"filename":"/app/a.py","lineno":3,"method":"f","locals":{"secret":"s"}}]},
        {"exception":{"class":"KeyError","message":"k"},"frames":[{"filename":"/app/b.py","lineno":9,"method":"g"}]}]}}"#;
    let b = row(payload);
    for (key, want) in [
        ("exception.type", "TypeError"),
        ("exception.message", "no view"),
        (
            "exception.stacktrace",
            "  /app/a.py:3 in f\nTypeError: no view\ncaused by\n  /app/b.py:9 in g\nKeyError: k\n",
        ),
        ("severity", "critical"),
        ("deployment.environment.name", "production"),
        ("service.version", "42"),
        ("rollbar.language", "python 3.11.7"),
        ("rollbar.framework", "flask"),
        ("rollbar.platform", "linux"),
        ("http.route", "/boom/<int:n>"),
        ("http.request.method", "GET"),
        ("url.full", "http://h/boom/1"),
        ("client.address", "10.0.0.7"),
        ("user_agent.original", "curl/8"),
        ("user.id", "5"),
        ("user.name", "ann"),
        ("user.email", "a@b.c"),
        ("host.name", "web-1"),
        ("rollbar.uuid", "u-1"),
        ("rollbar.server.branch", "main"),
        ("rollbar.custom.deep.x", "[1,2]"),
        ("meta.source", "rollbar"),
        ("meta.signal_type", "error"),
    ] {
        assert_eq!(text(&b, key).as_deref(), Some(want), "{key}");
    }
    assert!(b.attr("process.pid", Type::Int).is_some());
    assert!(b.attr("rollbar.custom.tries", Type::Int).is_some());
    assert!(b.attrs().iter().all(|a| !a.key.contains("trace_chain")));
    assert_eq!(
        fixed(&b, Fixed::Name).as_deref(),
        Some("TypeError: no view")
    );
    assert_eq!(fixed(&b, Fixed::Status).as_deref(), Some("error"));
    assert_eq!(fixed(&b, Fixed::Body).as_deref(), Some("no view"));
    assert_eq!(fixed(&b, Fixed::Service).as_deref(), Some("cruddur"));
    assert_eq!(fixed(&b, Fixed::Raw).as_deref(), Some(payload));
    assert_eq!(b.ts(), [NOW], "the time of an occurrence is its receipt");
    assert!(text(&b, "rollbar.fingerprint").unwrap().starts_with("g1:"));
}

#[test]
fn a_message_is_named_by_its_text() {
    let b = row(
        r#"{"environment":"production","level":"warning","body":{"message":{"body":"Hello World!"}}}"#,
    );
    assert_eq!(fixed(&b, Fixed::Name).as_deref(), Some("Hello World!"));
    assert_eq!(text(&b, "severity").as_deref(), Some("warning"));
    assert_eq!(fixed(&b, Fixed::Status), None);
}

#[test]
fn fingerprints_of_senders() {
    let of = |f: &str| {
        let b = row(&format!(
            r#"{{"fingerprint":"{f}","body":{{"message":{{"body":"x"}}}}}}"#
        ));
        text(&b, "rollbar.fingerprint").unwrap()
    };
    assert_eq!(of("mine"), "custom:mine");
    let long = "a".repeat(41);
    // printf 'a%.0s' {1..41} | sha1sum
    assert_eq!(of(&long), "custom:52cedd6b110e4330b5186478736afa5203c4f9ea");
    let b = row(r#"{"title":"My title","body":{"message":{"body":"x"}}}"#);
    assert_eq!(fixed(&b, Fixed::Name).as_deref(), Some("My title"));
}

#[test]
fn levels_have_their_defaults() {
    let of = |text: &str, kind| read(&Json::parse(text.as_bytes()).unwrap(), kind).level;
    assert_eq!(of("{}", Kind::Trace), Level::Error);
    assert_eq!(of("{}", Kind::Message), Level::Info);
    assert_eq!(of(r#"{"level":"log"}"#, Kind::Message), Level::Debug);
    assert_eq!(of(r#"{"level":"nonsense"}"#, Kind::Message), Level::Info);
}

#[test]
fn frames_of_go_are_turned() {
    let mut data = Json::parse(
        br#"{"language":"go","notifier":{"name":"rollbar/rollbar-go"},"body":{"trace_chain":[{"frames":[
            {"filename":"a.go","method":"main.inner"},{"filename":"m.go","method":"main.main"}]}]}}"#,
    )
    .unwrap();
    frames::order(&mut data);
    assert_eq!(
        data.text_at("body.trace_chain.0.frames.1.method")
            .as_deref(),
        Some("main.inner")
    );
}

#[test]
fn the_peers_address_is_put_where_it_is_asked_for() {
    let resolved = |asked: &str, peer: &str| {
        let mut data =
            Json::parse(format!(r#"{{"request":{{"user_ip":"{asked}"}}}}"#).as_bytes()).unwrap();
        frames::resolve_address(&mut data, peer.parse().unwrap());
        data.text_at("request.user_ip").unwrap()
    };
    assert_eq!(resolved("$remote_ip", "10.1.2.3"), "10.1.2.3");
    assert_eq!(resolved("$remote_ip_anonymize", "10.1.2.3"), "10.1.2.0");
    assert_eq!(
        resolved("$remote_ip_anonymize", "2001:db8:1:2::3"),
        "2001:db8:1::"
    );
    assert_eq!(resolved("1.2.3.4", "10.1.2.3"), "1.2.3.4");
}

fn any_json() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    let names = prop::sample::select(vec![
        "body",
        "trace",
        "trace_chain",
        "frames",
        "exception",
        "class",
        "message",
        "filename",
        "method",
        "telemetry",
        "request",
        "headers",
        "user_ip",
        "url",
        "server",
        "root",
        "language",
        "platform",
        "attributes",
        "key",
        "value",
        "custom",
        "trace_id",
        "fingerprint",
        "level",
        "uuid",
        "crash_report",
        "raw",
        "password",
        "x",
    ]);
    let texts = prop::sample::select(vec![
        "go",
        "python 3.11",
        "javascript",
        "$remote_ip",
        "/app/x.py",
        "C:\\a\\b.cs",
        "a.b.c",
        "",
        "é",
        "{",
        "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
        "Thread 0 Crashed:\n0",
        "x is not a function",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        texts.prop_map(Into::into),
        "\\PC{0,20}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                let members = members.into_iter().map(|(k, v)| (k.to_owned(), v));
                serde_json::Value::Object(members.collect())
            }),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Guarantees: whatever a payload holds, it is refused or becomes exactly one row, and what is stored
    /// of it is JSON.
    #[test]
    fn any_payload_is_one_row_or_a_refusal(body in any_json(), rest in any_json()) {
        let mut data = match rest {
            serde_json::Value::Object(members) => members,
            _ => serde_json::Map::new(),
        };
        data.insert("body".into(), body);
        let text = serde_json::Value::Object(data).to_string();
        let mut data = Json::parse(text.as_bytes()).unwrap();
        if let Ok(kind) = wire::check(&data) {
            frames::resolve_address(&mut data, [127, 0, 0, 1].into());
            frames::order(&mut data);
            crate::scrub::scrub(&mut data);
            let reading = read(&data, kind);
            let target = Target { dataset: "d", project: "p", id: 1, uuid: "u", event_id: [1; 16] };
            let mut b = BatchBuilder::new(TableKind::Errors, RowPolicy::unlimited(NOW));
            let raw = data.to_string();
            occurrence(&mut b, &target, &data, &reading, &raw);
            proptest::prop_assert_eq!(b.finish().rows(), 1);
            proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&raw).is_ok());
        }
    }

    #[test]
    fn any_bytes_are_payloads_or_a_refusal(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        for kind in [None, Some("multipart/form-data; boundary=x"), Some("application/x-www-form-urlencoded")] {
            let _ = wire::parse(kind, &bytes);
        }
    }
}
