//! What `BatchGetTraces` returns (xray.md §8.7).

use super::*;
use crate::xray::testing::Bench;
use event::{TraceId, ValueRef};

const ID: &str = "1-67891233-abcdef012345678912345678";

async fn documents_of(bench: &Bench) -> Vec<(String, String)> {
    let trace = bench.trace(ID).await;
    let ids = vec![TraceId::parse(ID).unwrap()];
    let kept = bench
        .engine
        .querier()
        .trace_documents(bench.grant.env(), ids);
    documents(&trace, &kept.await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_whole_is_returned_byte_for_byte() {
    let bench = Bench::new();
    let at = bench.base();
    let text = format!(
        r#"{{ "name":"web", "id":"1000000000000001","trace_id":"{ID}" ,"start_time":{at}.1234567891,"end_time":{at}.5,"in_progress":false,"unknown":[1e3],"subsegments":[{{"id":"1000000000000002","name":"x","start_time":{at}.2,"end_time":{at}.3}}]}}"#
    );
    // In progress first: it is superseded and is not returned.
    let open = format!(
        r#"{{"name":"web","id":"1000000000000001","trace_id":"{ID}","start_time":{at}.1,"in_progress":true}}"#
    );
    bench.put(&[&open]).await;
    assert_eq!(
        documents_of(&bench).await,
        [("1000000000000001".to_owned(), open)]
    );
    bench.put(&[&text]).await;
    assert_eq!(
        documents_of(&bench).await,
        [("1000000000000001".to_owned(), text)]
    );
    // The same when it lies in a part.
    bench.engine.settle().unwrap();
    assert_eq!(documents_of(&bench).await.len(), 1);
}

/// Expected text by hand: members by name, what came on its own inside, every digit of times, no
/// `in_progress: false`.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_on_its_own_is_put_where_it_belongs() {
    let bench = Bench::new();
    let at = bench.base();
    let top = format!(
        r#"{{"name":"web","id":"1000000000000001","trace_id":"{ID}","start_time":{at}.123456789,"end_time":{at}.9,"in_progress":false}}"#
    );
    let sub = format!(
        r#"{{"type":"subsegment","parent_id":"1000000000000001","trace_id":"{ID}","id":"1000000000000002","name":"db","start_time":{at}.2,"end_time":{at}.3,"namespace":"remote"}}"#
    );
    bench.put(&[&sub, &top]).await;
    let got = documents_of(&bench).await;
    assert_eq!(got.len(), 2);
    assert_eq!(
        got[0].1,
        format!(
            r#"{{"end_time":{at}.9,"id":"1000000000000001","name":"web","start_time":{at}.123456789,"trace_id":"{ID}","subsegments":[{{"end_time":{at}.3,"id":"1000000000000002","name":"db","namespace":"remote","parent_id":"1000000000000001","start_time":{at}.2,"trace_id":"{ID}","type":"subsegment"}}]}}"#
        )
    );
    let inferred: Value = serde_json::from_str(&got[1].1).unwrap();
    assert_eq!(
        (
            &inferred["name"],
            &inferred["parent_id"],
            &inferred["inferred"]
        ),
        (&json!("db"), &json!("1000000000000002"), &json!(true))
    );
    assert!(inferred.get("origin").is_none(), "a remote callee has none");
}

/// xray.md §10.2.
#[tokio::test(flavor = "multi_thread")]
async fn spans_of_other_sources_are_told_as_segments() {
    let bench = Bench::new();
    let at = bench.base();
    bench
        .put_rows(|b| {
            assert!(b.begin_row(at * 1_000_000_000 + 5));
            b.set_dataset("pay");
            b.set_trace_id(TraceId::parse(ID).unwrap());
            b.set_span_id(SpanId([1; 8]));
            b.set_service("pay");
            b.set_name("POST /pay");
            b.set_kind("server");
            b.set_duration(1_000_000_000);
            b.put_named("http.method", ValueRef::Str("POST"));
            b.put_named("http.status_code", ValueRef::Int(404));
            b.put_named("enduser.id", ValueRef::Str("u"));
            b.end_row();
            assert!(b.begin_row(at * 1_000_000_000 + 6));
            b.set_dataset("pay");
            b.set_trace_id(TraceId::parse(ID).unwrap());
            b.set_parent_id(SpanId([1; 8]));
            b.set_event_id(EventId([9; 16]));
            b.put_named("meta.annotation_type", ValueRef::Str("span_event"));
            b.put_named("exception.type", ValueRef::Str("ValueError"));
            b.put_named("exception.message", ValueRef::Str("bad"));
            b.end_row();
        })
        .await;
    let got = documents_of(&bench).await;
    assert_eq!(got.len(), 1);
    let text = &got[0].1;
    assert!(
        text.contains(&format!("\"start_time\":{at}.000000005,")),
        "{text}"
    );
    let d: Value = serde_json::from_str(text).unwrap();
    for (pointer, want) in [
        ("/name", json!("pay")),
        ("/trace_id", json!(ID)),
        ("/error", json!(true)),
        ("/http/request/method", json!("POST")),
        ("/http/response/status", json!(404)),
        ("/user", json!("u")),
        ("/metadata/default/http.method", json!("POST")),
        ("/cause/exceptions/0/type", json!("ValueError")),
        ("/cause/exceptions/0/message", json!("bad")),
    ] {
        assert_eq!(d.pointer(pointer), Some(&want), "{pointer}");
    }
    assert!(d.get("type").is_none() && d.get("fault").is_none());
}
