//! Groups and streams: made, described, tagged, expired, deleted.

use super::*;

#[tokio::test]
async fn groups_are_made_described_and_deleted() {
    let f = Logs::new();
    for name in ["b", "a/1", "a/2", "a/3"] {
        let answer = f
            .call("CreateLogGroup", json!({"logGroupName": name}))
            .await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    }
    f.refused(
        "CreateLogGroup",
        json!({"logGroupName": "b"}),
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    .await;
    let all = f.ok("DescribeLogGroups", json!({})).await;
    let b = &all["logGroups"][3];
    assert_eq!(
        b["arn"],
        "arn:aws:logs:us-east-1:000000000000:log-group:b:*"
    );
    assert_eq!(
        b["logGroupArn"],
        "arn:aws:logs:us-east-1:000000000000:log-group:b"
    );
    assert_eq!(
        (&b["storedBytes"], &b["metricFilterCount"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        (&b["logGroupClass"], &b["deletionProtectionEnabled"]),
        (&json!("STANDARD"), &json!(false))
    );
    assert!(b.get("retentionInDays").is_none() && all.get("nextToken").is_none());
    assert!((f.now_ms() - b["creationTime"].as_i64().unwrap()).abs() < 60_000);

    // Pages, in order of names; a token is for its question.
    let first = f
        .ok(
            "DescribeLogGroups",
            json!({"logGroupNamePrefix": "a/", "limit": 2}),
        )
        .await;
    let names = |v: &Value| {
        v["logGroups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["logGroupName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["a/1", "a/2"]);
    let token = &first["nextToken"];
    let second = f
        .ok(
            "DescribeLogGroups",
            json!({"logGroupNamePrefix": "a/", "limit": 2, "nextToken": token}),
        )
        .await;
    assert_eq!(
        (names(&second), second.get("nextToken")),
        (vec!["a/3".to_owned()], None)
    );
    let bad = "The specified nextToken is invalid.";
    f.refused(
        "DescribeLogGroups",
        json!({"nextToken": token}),
        "InvalidParameterException",
        bad,
    )
    .await;
    assert_eq!(
        names(
            &f.ok("DescribeLogGroups", json!({"logGroupNamePattern": "/2"}))
                .await
        ),
        ["a/2"]
    );
    assert_eq!(
        names(
            &f.ok("DescribeLogGroups", json!({"logGroupNamePrefix": "none"}))
                .await
        ),
        [""; 0]
    );
    f.refused(
        "DescribeLogGroups",
        json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "a"}),
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
    )
    .await;
    f.refused("DescribeLogGroups", json!({"limit": 51}), "InvalidParameterException", "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50").await;

    f.ok("DeleteLogGroup", json!({"logGroupName": "a/2"})).await;
    f.refused(
        "DeleteLogGroup",
        json!({"logGroupName": "a/2"}),
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    .await;
    let guarded = json!({"logGroupName": "g", "deletionProtectionEnabled": true});
    f.ok("CreateLogGroup", guarded).await;
    f.refused(
        "DeleteLogGroup",
        json!({"logGroupName": "g"}),
        "ValidationException",
        "the log group is protected from deletion",
    )
    .await;
    f.0.close().await;
}

#[tokio::test]
async fn names_are_judged_in_the_vendors_words() {
    let f = Logs::new();
    let invalid = "InvalidParameterException";
    f.refused("CreateLogGroup", json!({}), invalid, "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null").await;
    f.refused("CreateLogGroup", json!({"logGroupName": null}), invalid, "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null").await;
    f.refused("CreateLogGroup", json!({"logGroupName": "a b"}), invalid, r"1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+").await;
    f.refused(
        "CreateLogGroup",
        json!({"logGroupName": "x".repeat(513)}),
        invalid,
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
    )
    .await;
    f.refused(
        "CreateLogGroup",
        json!({"logGroupName": "aws/x"}),
        invalid,
        "Log groups starting with AWS/ are reserved for AWS.",
    )
    .await;
    f.refused("CreateLogGroup", json!({"logGroupName": "x", "logGroupClass": "GOLD"}), invalid, "1 validation error detected: Value 'GOLD' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY, ESSENTIALS]").await;
    f.ok("CreateLogGroup", json!({"logGroupName": "x".repeat(512)}))
        .await;
    f.ok("CreateLogGroup", json!({"logGroupName": "g"})).await;
    for bad in ["a:b", "a*"] {
        let message = format!(
            "1 validation error detected: Value '{bad}' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*"
        );
        f.refused(
            "CreateLogStream",
            json!({"logGroupName": "g", "logStreamName": bad}),
            invalid,
            &message,
        )
        .await;
    }
    for good in ["2026/01/01/[$LATEST]abc", "日本", " "] {
        f.ok(
            "CreateLogStream",
            json!({"logGroupName": "g", "logStreamName": good}),
        )
        .await;
    }
    f.refused(
        "CreateLogStream",
        json!({"logGroupName": "g", "logStreamName": " "}),
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    .await;
    f.refused(
        "CreateLogStream",
        json!({"logGroupName": "no", "logStreamName": "s"}),
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    .await;
    f.0.close().await;
}

#[tokio::test]
async fn streams_show_their_times_once_they_are_written() {
    let f = Logs::new();
    for name in ["a", "b", "c"] {
        f.stream("g", name).await;
    }
    let now = f.now_ms();
    f.put("g", "b", &[(now - 5, "1"), (now - 3, "2")]).await;
    f.put("g", "a", &[(now - 1, "3")]).await;
    f.put("g", "b", &[(now - 9, "0")]).await;
    let list = async |body: Value| {
        let mut ask = json!({"logGroupName": "g"});
        ask.as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        f.ok("DescribeLogStreams", ask).await
    };
    let all = list(json!({})).await;
    let (b, c) = (&all["logStreams"][1], &all["logStreams"][2]);
    assert_eq!(
        (&b["firstEventTimestamp"], &b["lastEventTimestamp"]),
        (&json!(now - 9), &json!(now - 3))
    );
    assert_eq!(b["uploadSequenceToken"].as_str().unwrap().len(), 56);
    assert_eq!(
        b["arn"],
        "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:b"
    );
    assert!(b["lastIngestionTime"].as_i64().unwrap() >= now);
    for absent in [
        "firstEventTimestamp",
        "lastEventTimestamp",
        "lastIngestionTime",
        "uploadSequenceToken",
    ] {
        assert!(c.get(absent).is_none(), "{absent}");
    }
    let names = |v: &Value| {
        v["logStreams"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["logStreamName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&list(json!({"descending": true})).await),
        ["c", "b", "a"]
    );
    let by_time = json!({"orderBy": "LastEventTime", "descending": true});
    assert_eq!(names(&list(by_time).await), ["a", "b", "c"]);
    let first = list(json!({"orderBy": "LastEventTime", "limit": 2})).await;
    assert_eq!(names(&first), ["c", "b"]);
    let next = json!({"orderBy": "LastEventTime", "limit": 2, "nextToken": first["nextToken"]});
    assert_eq!(names(&list(next).await), ["a"]);
    f.refused(
        "DescribeLogStreams",
        json!({"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"}),
        "InvalidParameterException",
        "Cannot order by LastEventTime with a logStreamNamePrefix.",
    )
    .await;
    f.refused(
        "DescribeLogStreams",
        json!({"logGroupName": "g", "logGroupIdentifier": "g"}),
        "ValidationException",
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
    )
    .await;
    for identifier in [
        "g",
        "arn:aws:logs:eu-west-1:1:log-group:g",
        "arn:aws:logs:eu-west-1:1:log-group:g:*",
        "arn:aws:logs:eu-west-1:1:log-group:g:",
    ] {
        let found = f
            .ok(
                "DescribeLogStreams",
                json!({"logGroupIdentifier": identifier}),
            )
            .await;
        assert_eq!(names(&found).len(), 3, "{identifier}");
    }
    f.0.close().await;
}

#[tokio::test]
async fn retention_hides_lines_at_once_and_a_deleted_group_comes_back_empty() {
    let f = Logs::new();
    f.stream("g", "s").await;
    let now = f.now_ms();
    f.put("g", "s", &[(now - 3 * 86_400_000, "old")]).await;
    f.put("g", "s", &[(now, "new")]).await;
    let all = async || messages(&f.ok("FilterLogEvents", json!({"logGroupName": "g"})).await).len();
    assert_eq!(all().await, 2);
    f.ok(
        "PutRetentionPolicy",
        json!({"logGroupName": "g", "retentionInDays": 1}),
    )
    .await;
    assert_eq!(all().await, 1);
    let described = f.ok("DescribeLogGroups", json!({})).await;
    assert_eq!(described["logGroups"][0]["retentionInDays"], 1);
    f.ok("DeleteRetentionPolicy", json!({"logGroupName": "g"}))
        .await;
    assert_eq!(all().await, 2);
    f.refused("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 2}), "InvalidParameterException", "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]").await;
    f.ok("DeleteLogGroup", json!({"logGroupName": "g"})).await;
    f.stream("g", "s").await;
    assert_eq!(all().await, 0);
    f.put("g", "s", &[(now, "again")]).await;
    assert_eq!(all().await, 1);
    f.0.close().await;
}

#[tokio::test]
async fn tags_are_one_store_for_both_generations_of_operations() {
    let f = Logs::new();
    f.ok(
        "CreateLogGroup",
        json!({"logGroupName": "g", "tags": {"a": "1"}}),
    )
    .await;
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g:*";
    f.ok(
        "TagResource",
        json!({"resourceArn": arn, "tags": {"b": "2"}}),
    )
    .await;
    f.ok(
        "TagLogGroup",
        json!({"logGroupName": "g", "tags": {"c": "3"}}),
    )
    .await;
    f.ok("UntagLogGroup", json!({"logGroupName": "g", "tags": ["a"]}))
        .await;
    let both = json!({"tags": {"b": "2", "c": "3"}});
    assert_eq!(
        f.ok("ListTagsForResource", json!({"resourceArn": arn}))
            .await,
        both
    );
    assert_eq!(
        f.ok("ListTagsLogGroup", json!({"logGroupName": "g"})).await,
        both
    );
    f.ok(
        "UntagResource",
        json!({"resourceArn": arn, "tagKeys": ["b", "c", "none"]}),
    )
    .await;
    assert_eq!(
        f.ok("ListTagsLogGroup", json!({"logGroupName": "g"})).await,
        json!({"tags": {}})
    );
    let many: serde_json::Map<String, Value> =
        (0..51).map(|i| (i.to_string(), "x".into())).collect();
    f.refused(
        "TagResource",
        json!({"resourceArn": arn, "tags": many}),
        "TooManyTagsException",
        "A resource can have at most 50 tags",
    )
    .await;
    f.refused(
        "ListTagsForResource",
        json!({"resourceArn": "arn:aws:logs:r:a:log-group:no"}),
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    .await;
    f.refused(
        "ListTagsForResource",
        json!({"resourceArn": "arn:aws:logs:r:a:destination:no"}),
        "InvalidParameterException",
        "'arn:aws:logs:r:a:destination:no' is not the ARN of a log group",
    )
    .await;
    f.0.close().await;
}

#[tokio::test]
async fn a_deleted_stream_takes_its_lines_with_it_and_comes_back_empty() {
    let f = Logs::new();
    f.stream("g", "gone").await;
    f.stream("g", "kept").await;
    f.stream("h", "gone").await;
    let now = f.now_ms();
    f.put("g", "gone", &[(now, "1")]).await;
    f.0.engine.settle().unwrap();
    f.put("g", "gone", &[(now, "2")]).await;
    f.put("g", "kept", &[(now, "3")]).await;
    f.put("h", "gone", &[(now, "4")]).await;
    let named = json!({"logGroupName": "g", "logStreamName": "gone"});
    f.ok("DeleteLogStream", named.clone()).await;
    f.refused(
        "DeleteLogStream",
        named.clone(),
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    .await;
    let all = async |group: &str| {
        let page = f
            .ok("FilterLogEvents", json!({"logGroupName": group}))
            .await;
        messages(&page)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(all("g").await, ["3"]);
    assert_eq!(all("h").await, ["4"]);
    f.ok("CreateLogStream", named).await;
    f.put("g", "gone", &[(now, "5")]).await;
    assert_eq!(all("g").await, ["3", "5"]);
    // Also for questions that know nothing of streams, and once all lies in parts.
    f.0.engine.settle().unwrap();
    f.0.engine.compact().unwrap();
    let scope = engine::query::Scope {
        env: f.0.engine.catalog().environments()[0].id,
        dataset: None,
    };
    let query = engine::query::Query {
        time_range: Some(3_600),
        ..Default::default()
    };
    let rows = f.0.engine.querier().rows(&scope, &query, 10).await.unwrap();
    assert_eq!(rows.rows.len(), 3);
    f.0.close().await;
}

/// Scenario: a client starts again and makes its group and stream as before. Guarantees: it hears that they are there, and
/// Arrivals shows no refusal; of a stream without a group it does.
#[tokio::test]
async fn what_is_there_already_is_no_refusal_of_a_delivery() {
    let f = Logs::new();
    let group = json!({"logGroupName": "g"});
    let stream = json!({"logGroupName": "g", "logStreamName": "s"});
    for (operation, input, what) in [
        ("CreateLogGroup", group, "group"),
        ("CreateLogStream", stream, "stream"),
    ] {
        f.ok(operation, input.clone()).await;
        let told = format!("The specified log {what} already exists");
        f.refused(operation, input, "ResourceAlreadyExistsException", &told)
            .await;
    }
    let refused = || f.0.engine.arrivals().refused_last_5m();
    assert_eq!(refused(), 0);
    let astray = json!({"logGroupName": "no", "logStreamName": "s"});
    let told = "The specified log group does not exist.";
    f.refused("CreateLogStream", astray, "ResourceNotFoundException", told)
        .await;
    assert_eq!(refused(), 1);
    f.0.close().await;
}
