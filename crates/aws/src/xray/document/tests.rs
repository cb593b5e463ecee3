//! Documents as clients send them.

use super::*;

/// The document of xray.md §3: a `false` in progress with an end, a list of addresses, ids told twice,
/// namespace `local`, and a cause that lies in a child.
const SAMPLE: &str = r#"{"name":"web","id":"483ca848fe4fe3c9","trace_id":"1-67891233-abcdef012345678912345678","start_time":1795166160.57,"end_time":1795166160.61,"in_progress":false,"http":{"request":{"method":"GET","url":"http://h/a","client_ip":"203.0.113.9, 10.0.0.1","x_forwarded_for":true},"response":{"status":500,"content_length":2}},"fault":true,"cause":"d4750c309ec9f74b","subsegments":[{"id":"61ac2767f5867bad","name":"inner","namespace":"local","type":"subsegment","trace_id":"1-67891233-abcdef012345678912345678","parent_id":"483ca848fe4fe3c9","start_time":1795166160.58,"end_time":1795166160.6,"in_progress":false,"fault":true,"cause":{"working_directory":"/srv","exceptions":[{"id":"d4750c309ec9f74b","type":"ValueError","message":"bad thing","remote":false,"stack":[{"path":"app.py","line":27,"label":"boom"}]}]}}]}"#;

#[test]
fn the_sample_of_the_protocol_is_read_whole() {
    let d = read(SAMPLE).unwrap();
    assert_eq!(
        d.trace_id,
        TraceId::parse("67891233abcdef012345678912345678").unwrap()
    );
    assert!(!d.independent);
    assert_eq!(d.parts.len(), 2);
    let top = d.top();
    assert_eq!(top.start_ns, 1_795_166_160_570_000_000);
    assert_eq!(top.end_ns, Some(1_795_166_160_610_000_000));
    let http = top.http.as_ref().unwrap();
    assert_eq!(http.client_ip.as_deref(), Some("203.0.113.9"));
    assert_eq!((http.status, http.content_length), (Some(500), Some(2)));
    let Some(Cause::Recorded(list)) = &top.cause else {
        panic!("{:?}", top.cause);
    };
    assert_eq!(list[0].message.as_deref(), Some("bad thing"));
    assert_eq!(d.parts[1].parent_id, Some(top.span_id));
    assert_eq!(d.parts[1].namespace.as_deref(), Some("local"));
    assert_eq!(d.passed_over, 0);
}

fn document(more: &str) -> String {
    format!(
        r#"{{"name":"web","id":"483ca848fe4fe3c9","trace_id":"1-67891233-abcdef012345678912345678","start_time":1,"end_time":2{more}}}"#
    )
}

/// Codes of xray.md §2.9; the prefix is the vendor's, the detail behind it ours.
#[test]
fn what_every_segment_must_have_is_named_when_missing() {
    let good = document("");
    let without = |what: &str| good.replace(what, "");
    for (text, code, id) in [
        ("{}".to_owned(), "MissingId", false),
        ("[]".to_owned(), "MissingId", false),
        (without(r#""id":"483ca848fe4fe3c9","#), "MissingId", false),
        (good.replace("483ca848fe4fe3c9", "483"), "InvalidId", true),
        (
            good.replace("483ca848fe4fe3c9", "0000000000000000"),
            "InvalidId",
            true,
        ),
        (without(r#""name":"web","#), "MissingName", true),
        (without(r#""start_time":1,"#), "MissingStartTime", true),
        (without(r#","end_time":2"#), "MissingEndTime", true),
        (
            good.replace("\"end_time\":2", "\"in_progress\":false"),
            "MissingEndTime",
            true,
        ),
        (
            good.replace("1-67891233-", "2-67891233-"),
            "InvalidTraceId",
            true,
        ),
        (
            good.replace(
                "1-67891233-abcdef012345678912345678",
                "67891233abcdef012345678912345678",
            ),
            "InvalidTraceId",
            true,
        ),
        (
            without(r#""trace_id":"1-67891233-abcdef012345678912345678","#),
            "MissingTraceId",
            true,
        ),
        (document(r#","type":"subsegment""#), "InvalidParentId", true),
        ("{\"id\":".to_owned(), "ParseError", false),
        ("nothing".to_owned(), "ParseError", false),
        (
            format!("\"{}\"", "x".repeat(DOCUMENT_BYTES_LIMIT)),
            "InvalidSegmentSize",
            false,
        ),
    ] {
        let refused = split(&text)
            .and_then(|list| read(list[0]))
            .expect_err(&text);
        assert_eq!((refused.code, refused.id.is_some()), (code, id), "{text}");
        let message = refused.message(Some(3));
        assert!(
            message.starts_with(&format!("Invalid segment. ErrorCode: {code} (document 3")),
            "{message}"
        );
    }
}

#[test]
fn a_fault_of_a_subsegment_is_told_by_the_id_of_the_top() {
    let text = document(r#","subsegments":[{"id":"61ac2767f5867bad","name":"x","start_time":1}]"#);
    let refused = read(&text).unwrap_err();
    assert_eq!(refused.id.as_deref(), Some("483ca848fe4fe3c9"));
    assert!(
        refused
            .message(None)
            .starts_with("Invalid subsegment. ErrorCode: MissingEndTime, Cause: null")
    );
}

/// xray.md §2.2, §2.3, §2.4: never refused for what is optional.
#[test]
fn what_is_optional_and_wrong_is_passed_over_and_counted() {
    for (more, passed_over) in [
        (r#","namespace":7"#, 1),
        (r#","namespace":"""#, 1),
        (r#","user":null"#, 1),
        (r#","annotations":{"a":1,"b":[1],"c":null,"d":{}}"#, 3),
        (r#","http":"x","aws":[]"#, 1),
        (r#","subsegments":"x""#, 1),
        (r#","subsegments":[1]"#, 1),
        (r#","unknown":{"a":1},"metadata":[1,2]"#, 0),
        (r#","http":{"response":{"content_length":"12"}}"#, 0),
        (r#","cause":{"id":"d4750c309ec9f74b"}"#, 0),
    ] {
        let d = read(&document(more)).unwrap();
        assert_eq!(d.passed_over, passed_over, "{more}");
    }
    let d = read(&document(
        r#","http":{"response":{"content_length":"12","status":"404"}}"#,
    ))
    .unwrap();
    let http = d.top().http.as_ref().unwrap();
    assert_eq!((http.content_length, http.status), (Some(12), Some(404)));
    let d = read(&document(r#","http":{"response":{"content_length":-1}}"#)).unwrap();
    assert_eq!(d.top().http.as_ref().unwrap().content_length, None);
}

/// xray.md §2.7: ranges; a flag that was sent is never cleared.
#[test]
fn flags_follow_from_the_status_only_when_none_was_sent() {
    let flags = |more: &str| {
        let d = read(&document(more)).unwrap();
        let t = d.top().clone();
        (t.error, t.throttle, t.fault)
    };
    let status = |s: u16| format!(r#","http":{{"response":{{"status":{s}}}}}"#);
    assert_eq!(flags(&status(200)), (false, false, false));
    assert_eq!(flags(&status(404)), (true, false, false));
    assert_eq!(flags(&status(429)), (true, true, false));
    assert_eq!(flags(&status(503)), (false, false, true));
    assert_eq!(
        flags(&format!("{},\"error\":true", status(503))),
        (true, false, false)
    );
    assert_eq!(
        flags(&format!("{},\"fault\":false", status(503))),
        (false, false, false)
    );
}

#[test]
fn nesting_is_bounded_and_arrays_are_several_documents() {
    let nested = |n: usize| {
        let mut text = String::new();
        for _ in 0..n {
            text.push_str(r#","subsegments":[{"id":"61ac2767f5867bad","name":"x","start_time":1,"end_time":2"#);
        }
        text.push_str(&"}]".repeat(n));
        document(&text)
    };
    assert_eq!(read(&nested(64)).unwrap().parts.len(), 65);
    assert_eq!(read(&nested(65)).unwrap_err().code, "InvalidSegmentSize");
    let one = document("");
    let list = format!(" [{one}, {one}]");
    assert_eq!(split(&list).unwrap(), [one.as_str(), one.as_str()]);
    assert!(
        matches!(split("[1,"), Err(r) if r.code == "ParseError" && r.detail.starts_with("byte "))
    );
}

proptest::proptest! {
    /// Any bytes are a document or a refusal, and what is read becomes a row for each part.
    #[test]
    fn any_bytes_are_read_or_refused(
        cuts in proptest::collection::vec((0..SAMPLE.len(), proptest::sample::select(vec![
            "", "\"", "{", "}", "[", "]", ",", "null", "1e999", "-1", "true", "\\", "é", ":", "0.0000000001",
        ])), 0..6),
        any in ".{0,60}",
    ) {
        let mut text = SAMPLE.to_owned();
        for (at, put) in cuts {
            if text.is_char_boundary(at.min(text.len())) {
                let at = at.min(text.len());
                let end = (at + put.len()).min(text.len());
                if text.is_char_boundary(end) {
                    text.replace_range(at..end, put);
                }
            }
        }
        for text in [text, any] {
            let Ok(documents) = split(&text) else { continue };
            for one in documents {
                let Ok(document) = read(one) else { continue };
                let policy = event::RowPolicy::unlimited(1_795_166_200_000_000_000);
                let mut batch = event::BatchBuilder::new(event::TableKind::Spans, policy);
                assert!(crate::xray::translate::rows(&mut batch, "xray", &document, one));
                assert_eq!(batch.finish().rows(), document.parts.len());
            }
        }
    }
}
