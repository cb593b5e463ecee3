//! What the other vendors' clients send: datagrams, filter expressions, lines, patterns, occurrences.

use aws::cloudwatch::pattern::{Pattern, search};
use aws::cloudwatch::translate::{Target as LogTarget, lines};
use aws::cloudwatch::wire::PutLogEvents;
use aws::wire::json::read_in_place;
use aws::xray::{daemon, document, filter, translate as segments};
use event::{BatchBuilder, Fixed, RowPolicy, TableKind};
use rollbar::decoders;
use rollbar::translate::{self as occurrences, Target as Project, frames};
use rollbar::{scrub, trim, wire};

const NOW: i64 = 1_800_000_000_000_000_000;

/// Datagrams of X-Ray: any bytes are a document or a refusal, and what is read becomes rows.
pub fn xray_segment(data: &[u8]) {
    let start = daemon::after_header(data).unwrap_or(0);
    let text = String::from_utf8_lossy(&data[start..]);
    let Ok(documents) = document::split(&text) else {
        return;
    };
    let mut batch = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    let mut rows = 0;
    for text in documents {
        if let Ok(document) = document::read(text) {
            assert!(
                segments::rows(&mut batch, "fuzz", &document, text),
                "no row is too old here"
            );
            rows += document.parts.len();
        }
    }
    assert_eq!(batch.finish().rows(), rows);
}

/// Datagrams as the SDKs write them: whole, nested, in progress, with an error; two documents; none.
#[must_use]
pub fn xray_segment_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"format":"json","version":1}
{"name":"backend-flask","id":"53995c3f42cd8ad8","trace_id":"1-58406520-a006649127e371903a2de979","start_time":1480615200.010,"end_time":1480615200.090,"http":{"request":{"method":"GET","url":"http://a/b","client_ip":"10.0.0.1"},"response":{"status":200,"content_length":3}},"annotations":{"k":1},"metadata":{"default":{"a":[1,2]}},"subsegments":[{"id":"53995c3f42cd8ad9","name":"db","start_time":1480615200.02,"end_time":1480615200.03,"namespace":"remote","sql":{"sanitized_query":"select 1"}}]}"#,
        r#"{"format":"json","version":1}
{"name":"a","id":"53995c3f42cd8ad8","trace_id":"1-58406520-a006649127e371903a2de979","start_time":1.5,"in_progress":true}"#,
        r#"{"format":"json","version":1}
{"name":"a","id":"53995c3f42cd8ad8","trace_id":"1-58406520-a006649127e371903a2de979","start_time":1.5,"end_time":2,"fault":true,"cause":{"exceptions":[{"id":"0123456789abcdef","type":"E","message":"m","stack":[{"path":"p","line":1,"label":"l"}]}]}}"#,
        "no header",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Filter expressions of X-Ray: any text is an expression or told wrong at a place in it.
pub fn xray_filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match filter::parse(text) {
        Ok(expr) => drop(filter::sieve(&expr)),
        Err(wrong) => assert!(wrong.column >= 1 && wrong.column <= text.chars().count() + 1),
    }
}

/// Expressions of the vendor's guide.
#[must_use]
pub fn xray_filter_seeds() -> Vec<Vec<u8>> {
    [
        r#"service("backend-flask")"#,
        r#"responsetime > 5 AND http.status != 200"#,
        r#"service("a") { fault } OR edge("a", "b") { responsetime >= .5 }"#,
        r#"annotation.key = "value" AND !error"#,
        r#"http.url CONTAINS "/api" AND (user = "x" OR duration < 2)"#,
        r#"service(id(name: "a", type: "AWS::EC2::Instance")) { throttle }"#,
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Bodies of posted occurrences: any bytes are payloads or a refusal, and what is read becomes one row.
pub fn rollbar_items(data: &[u8]) {
    for content_type in [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
    ] {
        let Ok(body) = wire::parse(content_type, data) else {
            continue;
        };
        for mut payload in body.payloads.into_iter().flatten() {
            let Ok(kind) = wire::check(&payload.data) else {
                continue;
            };
            frames::resolve_address(&mut payload.data, [127, 0, 0, 1].into());
            frames::order(&mut payload.data);
            scrub::scrub(&mut payload.data);
            trim::trim(&mut payload.data);
            let reading = occurrences::read(&payload.data, kind);
            assert_eq!(
                reading,
                occurrences::read(&payload.data, kind),
                "grouping is a function"
            );
            let policy = RowPolicy::unlimited(NOW);
            let mut batch = BatchBuilder::new(TableKind::Errors, policy);
            let target = Project {
                dataset: "rollbar-fuzz",
                project: "fuzz",
                id: 1,
                uuid: "u",
                event_id: [1; 16],
            };
            let raw = payload.data.to_string();
            occurrences::occurrence(&mut batch, &target, &payload.data, &reading, &raw);
            assert_eq!(batch.finish().rows(), 1);
        }
    }
}

/// A message, a trace with frames and a person, a form, a batch.
#[must_use]
pub fn rollbar_items_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"access_token":"t","data":{"environment":"production","level":"warning","body":{"message":{"body":"Hello World!"}}}}"#,
        r#"{"data":{"environment":"production","body":{"trace":{"frames":[{"filename":"a.py","lineno":3,"method":"f","code":"x","locals":{"a":"1","password":"p"}}],"exception":{"class":"TypeError","message":"m"}}},"request":{"url":"http://h/p?x=1","method":"GET","user_ip":"$remote_ip","headers":{"Cookie":"c"}},"person":{"id":1},"server":{"host":"h"},"language":"python"}}"#,
        r#"{"data":{"environment":"p","body":{"trace_chain":[{"frames":[],"exception":{"class":"A"}},{"frames":[],"exception":{"class":"B"}}]}}}"#,
        "payload=%7B%22data%22%3A%7B%22environment%22%3A%22p%22%2C%22body%22%3A%7B%22message%22%3A%7B%22body%22%3A%22m%22%7D%7D%7D%7D",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Bodies of settings: any bytes are an input of some calls or refused by each.
pub fn rollbar_settings(data: &[u8]) {
    for content_type in [None, Some("multipart/form-data; boundary=x")] {
        std::hint::black_box(decoders::management_body(content_type, data, NOW));
    }
}

/// Changes of an item and of a deploy, a deploy in each form, a project, a token and its limit.
#[must_use]
pub fn rollbar_settings_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"status":"resolved","resolved_in_version":"v42","level":"warning","title":"t","assigned_user_id":null,"snooze_enabled":true,"snooze_expiration_in_seconds":"3600"}"#,
        r#"{"environment":"production","revision":"aa2b","rollbar_username":"r","local_username":"l","comment":"c","status":"succeeded"}"#,
        "environment=production&revision=aa%C3%A9&local_username=root&access_token=t&status=timed_out",
        "--x\r\nContent-Disposition: form-data; name=\"environment\"\r\n\r\nproduction\r\n--x\r\nContent-Disposition: form-data; name=\"head_long\"\r\n\r\nbb\r\n--x--\r\n",
        r#"{"name":"Cruddur-2, web","scopes":["post_server_item","read"],"rate_limit_window_count":10,"rate_limit_window_size":null,"access_token":"t"}"#,
        r#"{"status":"failed","comment":" \u0000 "}"#,
        "[1]",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Filter patterns: any text is a pattern or an error with its place, and a pattern judges any line.
pub fn filter_pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, line) = text
        .split_once('\n')
        .unwrap_or((&text, "{\"a\":[1,\"x\"]}"));
    match Pattern::parse(pattern) {
        Ok(read) => {
            std::hint::black_box(read.matches(line));
        }
        Err(invalid) => assert!(invalid.at <= pattern.chars().count() + 1, "{invalid}"),
    }
    if let Ok(matches) = search(pattern) {
        std::hint::black_box(matches(line));
    }
}

/// Each form of pattern, with a line below it.
#[must_use]
pub fn filter_pattern_seeds() -> Vec<Vec<u8>> {
    [
        "ERROR -healthz ?a ?b \"two words\"\nERROR a two words",
        "{ $.status >= 500 && ($.a[0].b = \"x*\" || $.c IS NULL) }\n{\"status\":500,\"a\":[{\"b\":\"xy\"}]}",
        "[ip, user, ..., status=4*, size > 10]\n1.1.1.1 u [x y] 404 20",
        "%40[0-9]%\n404",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Bodies of PutLogEvents: any bytes are lines or an error, and every line is a row with its text whole.
pub fn put_log_events(data: &[u8]) {
    let Ok(input) = read_in_place::<PutLogEvents<'_>>(data) else {
        return;
    };
    let target = LogTarget {
        dataset: "logs-g".into(),
        group: "g".into(),
        stream: "s".into(),
        region: "us-east-1".into(),
        service: None,
    };
    let events = input.log_events.unwrap_or_default();
    let texts: Vec<&str> = events.iter().filter_map(|e| e.message.as_deref()).collect();
    let now = NOW / 1_000_000;
    let batch = lines(&target, NOW, texts.iter().map(|text| (now, *text)));
    assert_eq!(batch.rows(), texts.len());
    for (row, text) in texts.iter().enumerate().filter(|(_, t)| t.len() <= 1 << 20) {
        let body = batch.fixed(Fixed::Body).and_then(|c| c.value(row));
        assert_eq!(body, Some(event::ValueRef::Str(text)));
    }
}

/// A body as boto3 writes it; one with escapes and what is not asked for.
#[must_use]
pub fn put_log_events_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1800000000000,"message":"hello"},{"timestamp":1800000000001,"message":"{\"level\":\"ERROR\",\"a\":{\"b\":1}}"}]}"#,
        r#"{"logGroupName":"g","logStreamName":"s","sequenceToken":"1","logEvents":[{"timestamp":1,"message":"\u00e9\n\t\ud83d\ude00"}],"entity":{"keyAttributes":{"Name":"n"}}}"#,
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}
