//! Lines: taken, read in pages, filtered.

use super::*;

#[tokio::test]
async fn lines_are_taken_by_the_rules_and_counted() {
    let f = Logs::new();
    let put = |stream: &str| json!({"logGroupName": "g", "logStreamName": stream, "logEvents": [{"timestamp": 1, "message": "x"}]});
    f.refused(
        "PutLogEvents",
        put("s"),
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    .await;
    f.stream("g", "s").await;
    f.refused(
        "PutLogEvents",
        put("other"),
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    .await;
    let now = f.now_ms();
    let answer = f.put("g", "s", &[(now, "a")]).await;
    assert_eq!(
        answer.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["nextSequenceToken"]
    );
    assert_eq!(answer["nextSequenceToken"].as_str().unwrap().len(), 56);
    let day = 86_400_000;
    let answer = f
        .put(
            "g",
            "s",
            &[
                (now - 15 * day, "old"),
                (now, "b"),
                (now + 3 * 3_600_000, "new"),
            ],
        )
        .await;
    assert_eq!(
        answer["rejectedLogEventsInfo"],
        json!({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2})
    );
    f.ok(
        "PutRetentionPolicy",
        json!({"logGroupName": "g", "retentionInDays": 1}),
    )
    .await;
    let answer = f
        .put("g", "s", &[(now - 2 * day, "expired"), (now, "c")])
        .await;
    assert_eq!(
        answer["rejectedLogEventsInfo"],
        json!({"expiredLogEventEndIndex": 1})
    );
    let body = json!({"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": now, "message": "d"}], "sequenceToken": "whatever", "entity": {"keyAttributes": {"Type": "Planet"}}});
    let answer = f.ok("PutLogEvents", body).await;
    assert_eq!(
        answer["rejectedEntityInfo"],
        json!({"errorType": "InvalidTypeValue"})
    );
    let all = f
        .ok(
            "GetLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s"}),
        )
        .await;
    assert_eq!(messages(&all), ["a", "b", "c", "d"]);
    // Two refused before they were read, three lines refused, four stored.
    let counts = f.0.engine.arrivals().counters();
    let sum =
        |of: fn(&engine::arrivals::Counts) -> u64| counts.iter().map(|(_, c)| of(c)).sum::<u64>();
    assert_eq!(
        (sum(|c| c.received), sum(|c| c.stored), sum(|c| c.refused)),
        (9, 4, 5)
    );
    f.0.close().await;
}

#[tokio::test]
async fn the_same_call_sent_again_is_merged_and_the_same_line_is_not() {
    let f = Logs::new();
    f.stream("g", "s").await;
    let body = json!({"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": f.now_ms(), "message": "x"}]});
    let call = |id: &str| {
        Request::new("logs", "/", body.to_string())
            .header("x-amz-target", "Logs_20140328.PutLogEvents")
            .header("amz-sdk-invocation-id", id)
            .sign()
    };
    for id in ["one", "one", "two"] {
        assert_eq!(f.0.send(call(id)).await.status, 200);
    }
    let all = f.ok("FilterLogEvents", json!({"logGroupName": "g"})).await;
    assert_eq!(messages(&all), ["x", "x"]);
    f.0.close().await;
}

#[tokio::test]
async fn a_stream_is_read_in_pages_in_both_directions_until_the_token_repeats() {
    let f = Logs::new();
    f.stream("g", "s").await;
    f.stream("g", "empty").await;
    let now = f.now_ms();
    let texts: Vec<String> = (0..10).map(|i| i.to_string()).collect();
    // Pairs share a millisecond.
    let lines: Vec<(i64, &str)> = texts
        .iter()
        .enumerate()
        .map(|(i, t)| (now + i as i64 / 2, t.as_str()))
        .collect();
    f.put("g", "s", &lines).await;
    let get = async |more: Value| {
        let mut ask = json!({"logGroupName": "g", "logStreamName": "s", "limit": 3});
        ask.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        f.ok("GetLogEvents", ask).await
    };
    let mut page = get(json!({"startFromHead": true})).await;
    let mut seen: Vec<String> = Vec::new();
    loop {
        seen.extend(messages(&page).into_iter().map(str::to_owned));
        let token = page["nextForwardToken"].clone();
        page = get(json!({"nextToken": token})).await;
        if page["nextForwardToken"] == token {
            assert_eq!(page["events"], json!([]));
            break;
        }
    }
    assert_eq!(seen, texts);
    // Polling the same token finds what came since; its backward token finds what was before.
    let forward = page["nextForwardToken"].clone();
    let back = get(json!({"nextToken": page["nextBackwardToken"]})).await;
    assert_eq!(messages(&back), ["7", "8", "9"]);
    f.put("g", "s", &[(now + 9, "later")]).await;
    assert_eq!(
        messages(&get(json!({"nextToken": forward})).await),
        ["later"]
    );

    let last = get(json!({})).await;
    assert_eq!(messages(&last), ["8", "9", "later"]);
    let before = get(json!({"nextToken": last["nextBackwardToken"]})).await;
    assert_eq!(messages(&before), ["5", "6", "7"]);
    // The end is exclusive, the start is not.
    let some =
        get(json!({"startFromHead": true, "startTime": now + 1, "endTime": now + 2, "limit": 9}))
            .await;
    assert_eq!(messages(&some), ["2", "3"]);
    let event = &some["events"][0];
    assert_eq!(event["timestamp"], now + 1);
    assert!(event["ingestionTime"].as_i64().unwrap() >= now);
    let empty = f
        .ok(
            "GetLogEvents",
            json!({"logGroupName": "g", "logStreamName": "empty"}),
        )
        .await;
    assert_eq!(empty["events"], json!([]));
    let again = f.ok("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "empty", "nextToken": empty["nextForwardToken"]})).await;
    assert_eq!(again["nextForwardToken"], empty["nextForwardToken"]);
    let bad = json!({"logGroupName": "g", "logStreamName": "s", "nextToken": "x"});
    f.refused(
        "GetLogEvents",
        bad,
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )
    .await;
    f.refused("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s", "limit": 10001}), "InvalidParameterException", "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000").await;
    f.refused(
        "GetLogEvents",
        json!({"logStreamName": "s"}),
        "InvalidParameterException",
        "Either logGroupName or logGroupIdentifier is required.",
    )
    .await;
    f.0.close().await;
}

#[tokio::test]
async fn lines_of_a_group_are_filtered_in_order_across_streams() {
    let f = Logs::new();
    f.stream("g", "a/1").await;
    f.stream("g", "a/2").await;
    f.stream("g", "b").await;
    let now = f.now_ms();
    f.put("g", "a/1", &[(now, "one ERROR"), (now + 2, "two")])
        .await;
    f.put("g", "a/2", &[(now, "three ERROR"), (now + 1, "four")])
        .await;
    f.put("g", "b", &[(now + 1, "five ERROR")]).await;
    let filter = async |more: Value| {
        let mut ask = json!({"logGroupName": "g"});
        ask.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        f.ok("FilterLogEvents", ask).await
    };
    let all = filter(json!({"interleaved": true})).await;
    // By time, then by arrival.
    assert_eq!(
        messages(&all),
        ["one ERROR", "three ERROR", "four", "five ERROR", "two"]
    );
    assert_eq!(
        (&all["searchedLogStreams"], all.get("nextToken")),
        (&json!([]), None)
    );
    let ids: Vec<&str> = all["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["eventId"].as_str().unwrap())
        .collect();
    assert!(ids.is_sorted() && ids.iter().all(|i| i.len() == 56));
    assert_eq!(all["events"][2]["logStreamName"], "a/2");
    let errors = filter(json!({"filterPattern": "ERROR"})).await;
    assert_eq!(
        messages(&errors),
        ["one ERROR", "three ERROR", "five ERROR"]
    );
    let first = filter(json!({"filterPattern": "ERROR", "limit": 2})).await;
    assert_eq!(messages(&first), ["one ERROR", "three ERROR"]);
    let second =
        filter(json!({"filterPattern": "ERROR", "limit": 2, "nextToken": first["nextToken"]}))
            .await;
    assert_eq!(
        (messages(&second), second.get("nextToken")),
        (vec!["five ERROR"], None)
    );
    let bad =
        json!({"logGroupName": "g", "filterPattern": "WARN", "nextToken": first["nextToken"]});
    f.refused(
        "FilterLogEvents",
        bad,
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )
    .await;
    assert_eq!(
        messages(&filter(json!({"startFromHead": false, "limit": 2})).await),
        ["two", "five ERROR"]
    );
    assert_eq!(
        messages(&filter(json!({"logStreamNames": ["b", "a/1"]})).await),
        ["one ERROR", "five ERROR", "two"]
    );
    assert_eq!(
        messages(&filter(json!({"logStreamNamePrefix": "a/"})).await).len(),
        4
    );
    assert_eq!(
        messages(&filter(json!({"logStreamNamePrefix": "z"})).await).len(),
        0
    );
    // The end is inclusive here.
    assert_eq!(
        messages(&filter(json!({"startTime": now + 1, "endTime": now + 1})).await),
        ["four", "five ERROR"]
    );
    f.refused(
        "FilterLogEvents",
        json!({"logGroupName": "g", "logStreamNames": ["b"], "logStreamNamePrefix": "a"}),
        "InvalidParameterException",
        "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.",
    )
    .await;
    f.refused(
        "FilterLogEvents",
        json!({"logGroupName": "g", "logStreamNames": ["none"]}),
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    .await;
    f.refused(
        "FilterLogEvents",
        json!({"logGroupName": "g", "filterPattern": "{ $.a = }"}),
        "InvalidParameterException",
        "Invalid filter pattern: a value is missing at character 9",
    )
    .await;
    f.0.close().await;
}
