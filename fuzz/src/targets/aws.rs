//! What clients of AWS send before and around their data: signatures, forms, inputs of operations.

use aws::decoders;

/// Heads of requests: any bytes have a signature or are told what is wrong with it.
pub fn signature(data: &[u8]) {
    let _ = decoders::signature(data);
}

/// Heads as boto3, the command line and a browser send them; nearly so; presigned.
#[must_use]
pub fn signature_seeds() -> Vec<Vec<u8>> {
    let hex = "446a19493f3b3a8874e611e62956aec3ca3cde8ee3a11c638b45bd9a7f71993c";
    let scheme = "AWS4-HMAC-SHA256";
    [
        format!(
            "/\nhost: 127.0.0.1:18080\ncontent-type: application/x-amz-json-1.1\nx-amz-date: 20261120T091510Z\nx-amz-target: Logs_20140328.DescribeLogGroups\nauthorization: {scheme} Credential=AKIDEXAMPLE/20261120/us-east-1/logs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={hex}"
        ),
        format!(
            "/Groups?b=2&a=%7E%20x&A\nhost: a\nx-amz-date: 20261120T091510Z\nx-amz-content-sha256: UNSIGNED-PAYLOAD\nauthorization: {scheme} Credential=a/b/20261120/eu-west-1/xray/aws4_request,SignedHeaders=host;x-amz-date,Signature={hex}"
        ),
        format!(
            "/\nhost: a\nhost:  b   c \ndate: 20261120T091510Z\nauthorization: {scheme} Signature={hex} , Credential=AKID/20261120/x/sts/aws4_request ,SignedHeaders=host;date"
        ),
        format!(
            "/?X-Amz-Algorithm={scheme}&X-Amz-Credential=AKID%2F20261120%2Fus-east-1%2Fxray%2Faws4_request&X-Amz-Date=20261120T091510Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature={hex}\nhost: a"
        ),
        "/\nauthorization: AWS4-ECDSA-P256-SHA256 Credential=a\nx-amz-date: 2026".to_owned(),
        "/\nauthorization: Bearer abc".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Forms of the query protocol: any bytes are fields, and what they say is harmless in an answer.
pub fn form(data: &[u8]) {
    std::hint::black_box(decoders::form(data));
}

/// A call as it is sent; fields in escapes, twice, empty, bare.
#[must_use]
pub fn form_seeds() -> Vec<Vec<u8>> {
    [
        "Action=GetCallerIdentity&Version=2011-06-15",
        "Act%69on=%3CMessage%3E%26%00&Action=second&a+b=c+d&empty=&bare&=&%",
        "Version=%C3%28%ff&Action=%E2%82%AC</Message>",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Bodies of operations of CloudWatch Logs that carry no data: any bytes are an input or an error.
pub fn logs_input(data: &[u8]) {
    std::hint::black_box(decoders::logs_input(data));
}

/// Inputs as the vendor's clients send them, each with members of several operations.
#[must_use]
pub fn logs_input_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"logGroupName":"g","kmsKeyId":null,"tags":{"a":"b"},"logGroupClass":"STANDARD","deletionProtectionEnabled":true}"#,
        r#"{"logGroupIdentifier":"arn:aws:logs:us-east-1:000000000000:log-group:g:*","orderBy":"LastEventTime","descending":true,"limit":50,"nextToken":"t"}"#,
        r#"{"logGroupName":"g","logStreamNames":["a","b"],"startTime":1800000000000,"endTime":1.8e12,"filterPattern":"{ $.a = 1 }","limit":10000,"interleaved":true}"#,
        r#"{"logGroupIdentifiers":["g"],"logStreamNamePrefixes":["\u0000"],"logEventFilterPattern":""}"#,
        r#"{"logGroupNames":["a"],"startTime":1,"endTime":2,"queryString":"fields @message | limit 1","limit":5,"queryLanguage":"CWLI"}"#,
        r#"{"queryId":"0","logRecordPointer":"p","unmask":false,"time":1,"maxResults":3,"status":"Complete"}"#,
        r#"{"resourceArn":"arn","tags":{"k":"v"},"tagKeys":["k"],"retentionInDays":7}"#,
        "",
        "[[{\"a\":\"\\\"\"}]]",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}

/// Bodies of operations of X-Ray: any bytes are an input or an error.
pub fn xray_input(data: &[u8]) {
    std::hint::black_box(decoders::xray_input(data));
}

/// Inputs as the command line and the SDKs' pollers send them.
#[must_use]
pub fn xray_input_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"TraceSegmentDocuments": ["{\"name\":\"w\"}", ""]}"#,
        r#"{"TelemetryRecords": [{"Timestamp": 1795166170, "SegmentsReceivedCount": 1, "SegmentsSpilloverCount": 18446744073709551615, "BackendConnectionErrors": {"OtherCount": 1}}], "Hostname": "h"}"#,
        r#"{"StartTime": 1700000000.5, "EndTime": "2026-11-28T09:00:00Z", "TimeRangeType": "Event", "Sampling": true, "SamplingStrategy": {"Name": "FixedRate", "Value": 0.5}, "FilterExpression": "ok", "GroupName": "g", "NextToken": "t"}"#,
        r#"{"StartTime": -1e400, "EndTime": 9223372036854775807}"#,
        r#"{"TraceIds": ["1-67891233-abcdef012345678912345678"], "NextToken": null}"#,
        r#"{"SamplingRule": {"RuleName": "Shop", "ResourceARN": "*", "Priority": 9000, "FixedRate": 0.1, "ReservoirSize": 5, "ServiceName": "web", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1}, "Tags": [{"Key": "k"}]}"#,
        r#"{"RuleName": "Shop", "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Shop", "Priority": -1, "SamplingRateBoost": {"MaxRate": 1}}"#,
        r#"{"SamplingRuleUpdate": {"RuleName": "Default", "FixedRate": 0.5, "Attributes": {"a": "b"}}}"#,
        r#"{"SamplingStatisticsDocuments": [{"RuleName": "Default", "ClientID": "ae0c7f03eb64d81a5e41f700", "RequestCount": 1, "BorrowCount": 1, "SampledCount": 0, "Timestamp": 1795166170}], "SamplingBoostStatisticsDocuments": [{"RuleName": "a"}]}"#,
        r#"{"GroupName": "Shop", "FilterExpression": "service(\"web\")", "InsightsConfiguration": {"InsightsEnabled": true}, "ResourceARN": "arn", "TagKeys": ["k"]}"#,
        "",
    ]
    .map(|s| s.as_bytes().to_vec())
    .to_vec()
}
