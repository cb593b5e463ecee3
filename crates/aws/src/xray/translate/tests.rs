//! Documents and the rows they become: columns of mapping.md §2 and §4, by hand.

use crate::xray::testing::Bench;
use engine::query::Cell;
use engine::query::calls::Call;

fn text(call: &Call, name: &str) -> Option<String> {
    match call.fields.get(name)? {
        Cell::Text(t) => Some(t.clone()),
        Cell::Int(i) => Some(i.to_string()),
        Cell::Float(x) => Some(x.to_string()),
        Cell::Bool(b) => Some(b.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_document_has_its_place() {
    let bench = Bench::new();
    let at = bench.base();
    let document = format!(
        r#"{{"name":"backend-flask","id":"483ca848fe4fe3c9","trace_id":"1-67891233-abcdef012345678912345678","start_time":{at}.123456789,"end_time":{at}.5,
        "parent_id":"1111111111111111","origin":"AWS::ECS::Container","user":"ada","resource_arn":"arn:x",
        "http":{{"request":{{"method":"post","url":"http://h/a","user_agent":"ua","client_ip":"203.0.113.9, 10.0.0.1","x_forwarded_for":true}},"response":{{"status":503,"content_length":"17"}}}},
        "service":{{"version":"1.2","runtime":"CPython"}},
        "aws":{{"account_id":"7","xray":{{"sdk":"X-Ray for Python","sdk_version":"2.15.0","sampling_rule_name":"Cruddur"}},"ecs":{{"container":"c1"}},"cloudwatch_logs":[{{"log_group":"cruddur","arn":"arn:l"}}]}},
        "annotations":{{"n":1,"f":1.5,"b":true,"s":"x","name":"mine"}},"metadata":{{"default":{{"k":[1]}},"other":7}},"links":[{{}},{{}}],
        "subsegments":[
          {{"id":"2222222222222222","name":"db@h","namespace":"remote","start_time":{at}.2,"end_time":{at}.3,"sql":{{"url":"postgres://u:pw@h:5432/shop","database_type":"PostgreSQL","sanitized_query":"SELECT 1","user":"u","driver_version":"3"}}}},
          {{"id":"3333333333333333","name":"S3","namespace":"aws","start_time":{at}.3,"end_time":{at}.4,"fault":true,"aws":{{"operation":"PutObject","retries":2,"bucket_name":"pics","request_id":"r","tags":["a"]}},"cause":{{"exceptions":[{{"id":"aaaaaaaaaaaaaaaa","type":"E","message":"m","stack":[{{"path":"p.py","line":3,"label":"f"}},{{"path":"q.py","label":"g"}}]}}]}}}}]}}"#
    );
    bench.put(&[&document]).await;
    let trace = bench.trace("1-67891233-abcdef012345678912345678").await;
    let top = trace.root().unwrap();
    assert_eq!(top.start_ns, at * 1_000_000_000 + 123_456_789);
    assert_eq!(top.duration_ns, Some(376_543_211));
    assert_eq!(&*top.dataset, "xray");
    for (name, want) in [
        ("name", "backend-flask"),
        ("service.name", "backend-flask"),
        ("span.kind", "server"),
        ("trace.trace_id", "67891233abcdef012345678912345678"),
        ("trace.parent_id", "1111111111111111"),
        ("meta.source", "xray"),
        ("meta.signal_type", "trace"),
        ("error", "true"),
        ("status_code", "2"),
        ("aws.xray.fault", "true"),
        ("http.request.method", "POST"),
        ("url.full", "http://h/a"),
        ("user_agent.original", "ua"),
        ("client.address", "203.0.113.9"),
        ("aws.xray.x_forwarded_for", "true"),
        ("http.response.status_code", "503"),
        ("http.response.body.size", "17"),
        ("user.id", "ada"),
        ("aws.xray.origin", "AWS::ECS::Container"),
        ("cloud.platform", "aws_ecs"),
        ("container.name", "c1"),
        ("service.version", "1.2"),
        ("service.runtime", "CPython"),
        ("telemetry.sdk.name", "X-Ray for Python"),
        ("telemetry.sdk.language", "python"),
        ("telemetry.sdk.version", "2.15.0"),
        ("aws.xray.sampling_rule_name", "Cruddur"),
        ("aws.account_id", "7"),
        ("aws.log.group.names", r#"["cruddur"]"#),
        ("aws.xray.metadata.default", r#"{"k":[1]}"#),
        ("aws.xray.metadata.other", "7"),
        ("aws.xray.annotations", r#"["b","f","n","name","s"]"#),
        ("n", "1"),
        ("f", "1.5"),
        ("b", "true"),
        ("s", "x"),
        ("annotation.name", "mine"),
        ("span.num_links", "2"),
    ] {
        assert_eq!(text(top, name).as_deref(), Some(want), "{name}");
    }
    assert!(!top.fields.contains_key("aws.xray.subsegment"));

    let find = |name: &str| {
        trace
            .calls
            .iter()
            .find(|c| c.name == name && !c.inferred)
            .unwrap()
    };
    let sql = find("db@h");
    for (name, want) in [
        ("service.name", "backend-flask"),
        ("span.kind", "client"),
        ("trace.parent_id", "483ca848fe4fe3c9"),
        ("db.system.name", "PostgreSQL"),
        ("db.query.text", "SELECT 1"),
        ("db.user", "u"),
        ("db.connection_string", "postgres://u:***@h:5432"),
        ("db.namespace", "shop"),
        ("aws.xray.namespace", "remote"),
    ] {
        assert_eq!(text(sql, name).as_deref(), Some(want), "{name}");
    }
    let aws = find("S3");
    for (name, want) in [
        ("aws.operation", "PutObject"),
        ("aws.xray.retries", "2"),
        ("aws.bucket_name", "pics"),
        ("aws.request_id", "r"),
        ("aws.tags", r#"["a"]"#),
        ("exception.type", "E"),
        ("exception.message", "m"),
        ("exception.stacktrace", "\tat f(p.py: 3)\n\tat g(q.py)"),
    ] {
        assert_eq!(text(aws, name).as_deref(), Some(want), "{name}");
    }
}

/// xray.md §2.8: what is in progress is superseded, in any order; what is sent on its own goes where it
/// belongs; a cause recorded elsewhere is resolved.
#[tokio::test(flavor = "multi_thread")]
async fn fragments_become_one_trace_in_any_order() {
    let bench = Bench::new();
    let at = bench.base();
    let id = "1-67891233-abcdef012345678912345678";
    let open = format!(
        r#"{{"name":"web","id":"1000000000000001","trace_id":"{id}","start_time":{at}.0,"in_progress":true}}"#
    );
    let done = format!(
        r#"{{"name":"web","id":"1000000000000001","trace_id":"{id}","start_time":{at}.0,"end_time":{at}.9,"fault":true,"cause":"aaaaaaaaaaaaaaaa"}}"#
    );
    let sub = format!(
        r#"{{"type":"subsegment","parent_id":"1000000000000001","name":"step","id":"1000000000000002","trace_id":"{id}","start_time":{at}.1,"end_time":{at}.2,"fault":true,"cause":{{"exceptions":[{{"id":"aaaaaaaaaaaaaaaa","type":"Boom","message":"m"}}]}}}}"#
    );
    for order in [
        [&open, &done, &sub],
        [&sub, &done, &open],
        [&done, &sub, &open],
    ] {
        let bench = Bench::new();
        for one in order {
            bench.put(&[one]).await;
        }
        let trace = bench.trace(id).await;
        assert_eq!(trace.calls.len(), 2);
        let root = trace.root().unwrap();
        assert_eq!(root.duration_ns, Some(900_000_000));
        assert!(!trace.is_partial());
        assert_eq!(root.text("exception.type"), Some("Boom"));
        let step = &trace.calls[root.children[0]];
        assert_eq!((step.name.as_str(), step.segment), ("step", trace.root));
        assert!(!step.is_segment());
        // Of the same bytes again nothing is stored.
        assert_eq!(
            bench.put(&[&sub]).await,
            [crate::xray::intake::Fate::Repeated]
        );
    }
}
