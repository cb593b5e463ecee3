//! Queries as clients ask them: signed, over the router, lines put before.

use super::*;
use crate::wire::testing::{Answer, Fixture, Request};

async fn call(fixture: &Fixture, operation: &str, input: Value) -> Answer {
    let target = format!("Logs_20140328.{operation}");
    let request = Request::new("logs", "/", input.to_string()).header("x-amz-target", &target);
    fixture.send(request.sign()).await
}

async fn good(fixture: &Fixture, operation: &str, input: Value) -> Value {
    let answer = call(fixture, operation, input).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{operation}: {text}");
    match text.is_empty() {
        true => Value::Null,
        false => answer.json(),
    }
}

/// A group with a stream and four lines in the last minute; returns their middle, milliseconds.
async fn lines(fixture: &Fixture) -> i64 {
    let stream = json!({"logGroupName": "web", "logStreamName": "s1"});
    good(fixture, "CreateLogGroup", json!({"logGroupName": "web"})).await;
    good(fixture, "CreateLogStream", stream.clone()).await;
    let now = jiff::Timestamp::now().as_millisecond() - 30_000;
    let line = |at: i64, message: &str| json!({"timestamp": now + at, "message": message});
    let mut put = stream;
    put["logEvents"] = json!([
        line(-2_000, r#"{"level":"info","ms":12,"@kind":"access"}"#),
        line(-1_000, r#"{"level":"error","ms":250,"tags":["a","b"]}"#),
        line(0, r#"{"level":"info","ms":9.5}"#),
        line(1_000, "plain text"),
    ]);
    good(fixture, "PutLogEvents", put).await;
    now
}

fn question(now: i64, query: &str) -> Value {
    json!({
        "logGroupName": "web",
        "startTime": now / 1_000 - 60,
        "endTime": now / 1_000 + 60,
        "queryString": query,
    })
}

async fn ended(fixture: &Fixture, id: &Value) -> Value {
    for _ in 0..500 {
        let results = good(fixture, "GetQueryResults", json!({"queryId": id})).await;
        if !matches!(results["status"].as_str(), Some("Scheduled" | "Running")) {
            return results;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{id} does not end");
}

async fn ask(fixture: &Fixture, now: i64, query: &str) -> Value {
    let started = good(fixture, "StartQuery", question(now, query)).await;
    ended(fixture, &started["queryId"]).await
}

/// *Guarantees*: what is put can be asked at once; the answer has the shape of cloudwatch.md §5.13.
#[tokio::test]
async fn lines_are_put_asked_and_looked_at_one_by_one() {
    let fixture = Fixture::new(true);
    let now = lines(&fixture).await;
    let answer = ask(&fixture, now, "filter ms > 10 | fields level, ms | sort ms").await;
    assert_eq!(answer["status"], "Complete");
    assert_eq!(answer["queryLanguage"], "CWLI");
    let rows = answer["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0][0], json!({"field": "level", "value": "info"}));
    assert_eq!(rows[1][1], json!({"field": "ms", "value": "250"}));
    let statistics = &answer["statistics"];
    assert_eq!(statistics["recordsMatched"], json!(2.0));
    assert_eq!(statistics["recordsScanned"], json!(4.0));
    assert_eq!(statistics["resultCount"], json!(2.0));
    assert_eq!(statistics["logGroupsScanned"], json!(1.0));
    assert!(statistics["bytesScanned"].as_f64().unwrap() > 0.0);

    assert_eq!(rows[0][2]["field"], "@ptr");
    let pointer = json!({"logRecordPointer": rows[0][2]["value"]});
    let record = good(&fixture, "GetLogRecord", pointer).await;
    let record = &record["logRecord"];
    let message = r#"{"level":"info","ms":12,"@kind":"access"}"#;
    assert_eq!(record["@message"], message);
    assert_eq!(record["@timestamp"], (now - 2_000).to_string());
    assert_eq!(record["@logStream"], "s1");
    assert_eq!(record["@log"], "000000000000:web");
    assert_eq!(record["@@kind"], "access");
    assert_eq!(record["ms"], "12");
    assert_eq!(record["@ptr"], rows[0][2]["value"]);
    assert!(
        record["@ingestionTime"]
            .as_str()
            .unwrap()
            .parse::<i64>()
            .unwrap()
            >= now
    );
    let names: Vec<_> = record.as_object().unwrap().keys().collect();
    assert!(
        !names
            .iter()
            .any(|n| n.contains("meta.") || n.contains("aws.log")),
        "{names:?}"
    );

    let fields = good(
        &fixture,
        "GetLogGroupFields",
        json!({"logGroupName": "web"}),
    )
    .await;
    let of = |name: &str| {
        let all = fields["logGroupFields"].as_array().unwrap().iter();
        all.clone()
            .find(|f| f["name"] == name)
            .map(|f| f["percent"].clone())
    };
    assert_eq!(of("@message"), Some(json!(100)));
    assert_eq!(of("level"), Some(json!(75)));
    assert_eq!(of("@@kind"), Some(json!(25)));
    assert_eq!(of("nowhere"), None);
    fixture.close().await;
}

/// *Guarantees*: it is what the rows are cut by, the newest first.
#[tokio::test]
async fn head_gives_so_many_rows() {
    let fixture = Fixture::new(true);
    let now = lines(&fixture).await;
    let answer = ask(&fixture, now, "fields @message | head 2").await;
    let rows = answer["results"].as_array().unwrap();
    let messages: Vec<&Value> = rows.iter().map(|r| &r[0]["value"]).collect();
    assert_eq!(messages, ["plain text", r#"{"level":"info","ms":9.5}"#]);
    fixture.close().await;
}

/// *Guarantees*: queries are listed with their text expanded, stopped once, and paged.
#[tokio::test]
async fn queries_are_listed_stopped_and_paged() {
    let fixture = Fixture::new(true);
    let now = lines(&fixture).await;
    let asked = question(now, "fields @message | sort @timestamp asc");
    let id = good(&fixture, "StartQuery", asked).await["queryId"].clone();
    ended(&fixture, &id).await;
    let page = |token: Option<Value>| {
        let mut input = json!({"queryId": id, "maxItems": 3});
        if let Some(token) = token {
            input["nextToken"] = token;
        }
        input
    };
    let first = good(&fixture, "GetQueryResults", page(None)).await;
    assert_eq!(first["results"].as_array().unwrap().len(), 3);
    let rest = page(Some(first["nextToken"].clone()));
    let rest = good(&fixture, "GetQueryResults", rest).await;
    assert_eq!(rest["results"][0][0]["value"], "plain text");
    assert_eq!(rest["results"].as_array().unwrap().len(), 1);
    assert!(rest.get("nextToken").is_none());
    let other = good(&fixture, "StartQuery", question(now, "limit 1")).await["queryId"].clone();
    ended(&fixture, &other).await;
    let mixed = json!({"queryId": other, "nextToken": first["nextToken"]});
    for (input, operation, code) in [
        (mixed, "GetQueryResults", "InvalidParameterException"),
        (
            json!({"queryId": id}),
            "StopQuery",
            "InvalidParameterException",
        ),
        (
            json!({"queryId": "none"}),
            "StopQuery",
            "ResourceNotFoundException",
        ),
        (
            json!({"queryId": "none"}),
            "GetQueryResults",
            "ResourceNotFoundException",
        ),
        (json!({}), "GetQueryResults", "InvalidParameterException"),
        (
            json!({"logRecordPointer": "x"}),
            "GetLogRecord",
            "InvalidParameterException",
        ),
    ] {
        let answer = call(&fixture, operation, input.clone()).await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, code),
            "{operation} {input}"
        );
    }
    let listed = good(&fixture, "DescribeQueries", json!({"logGroupName": "web"})).await;
    let listed = listed["queries"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    let one = listed.iter().find(|q| q["queryId"] == id).unwrap();
    let (start, end) = (now / 1_000 - 60, now / 1_000 + 60);
    assert_eq!(
        one["queryString"],
        format!(
            "SOURCE \"web\" START={start}000 END={end}999 | fields @message | sort @timestamp asc"
        )
    );
    assert_eq!(
        (&one["status"], &one["logGroupName"]),
        (&json!("Complete"), &json!("web"))
    );
    let none = good(&fixture, "DescribeQueries", json!({"status": "Failed"})).await;
    assert_eq!(none["queries"], json!([]));
    let about = good(&fixture, "ListLogGroupsForQuery", json!({"queryId": id})).await;
    assert_eq!(about["logGroupIdentifiers"], json!(["web"]));
    fixture.close().await;
}

/// *Guarantees*: what cannot be asked is refused with its code, and a malformed query with its place.
#[tokio::test]
async fn queries_that_cannot_be_asked_are_refused() {
    let fixture = Fixture::new(true);
    let now = lines(&fixture).await;
    let with = |changes: Value| {
        let mut input = question(now, "limit 1");
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    for (changes, code, words) in [
        (
            json!({"logGroupName": "none"}),
            "ResourceNotFoundException",
            "'none' does not exist",
        ),
        (
            json!({"logGroupNames": ["web"]}),
            "InvalidParameterException",
            "exactly one",
        ),
        (
            json!({"logGroupName": null}),
            "InvalidParameterException",
            "exactly one",
        ),
        (
            json!({"queryString": null}),
            "InvalidParameterException",
            "'queryString'",
        ),
        (
            json!({"startTime": null}),
            "InvalidParameterException",
            "'startTime'",
        ),
        (
            json!({"endTime": 5}),
            "InvalidParameterException",
            "End time",
        ),
        (json!({"limit": 0}), "InvalidParameterException", "'limit'"),
        (
            json!({"limit": 100_001}),
            "InvalidParameterException",
            "less than or equal to 100000",
        ),
        (
            json!({"queryLanguage": "SQL"}),
            "InvalidParameterException",
            "unsupported queryLanguage",
        ),
        (
            json!({"queryLanguage": "X"}),
            "InvalidParameterException",
            "enum value set",
        ),
        (
            json!({"queryString": "x".repeat(10_001)}),
            "InvalidParameterException",
            "10000",
        ),
    ] {
        let answer = call(&fixture, "StartQuery", with(changes.clone())).await;
        assert_eq!((answer.status, &*answer.code()), (400, code), "{changes}");
        assert!(answer.message().contains(words), "{}", answer.message());
    }
    let query = "fields a\n| pattern @message";
    let answer = call(&fixture, "StartQuery", with(json!({"queryString": query}))).await;
    assert_eq!(answer.code(), "MalformedQueryException");
    let error = &answer.json()["queryCompileError"];
    assert_eq!(
        error["location"],
        json!({"startCharOffset": 11, "endCharOffset": 18})
    );
    let message = "the command pattern is not supported at line 2 and position 3";
    assert_eq!(error["message"], message);
    assert_eq!(fixture.last_refusal().0, "unsupported");
    fixture.close().await;
}

#[test]
fn both_ends_of_the_range_are_included() {
    // cloudwatch.md §13.1: an event at `end`.999 matches; milliseconds by mistake are taken as such.
    assert_eq!(range(10, 20).unwrap(), (10_000_000_000, 21_000_000_000));
    let ms = 1_760_000_000_123;
    assert_eq!(
        range(ms, ms).unwrap(),
        (ms * 1_000_000, (ms + 1) * 1_000_000)
    );
    assert!(range(20, 10).is_err());
    assert!(range(-1, 10).is_err());
    assert!(range(0, i64::MAX).is_err());
}
