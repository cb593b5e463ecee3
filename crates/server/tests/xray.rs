//! X-Ray with its real clients: the Python SDK through port 2000, the `aws` command, bursts of datagrams.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// The Python that holds the real SDK and the `aws` command; `None` after saying why the test does not run.
fn client_env(test: &str) -> Option<PathBuf> {
    let pins = support::repository().join("tests/clients/xray_requirements.txt");
    support::python_env(&pins)
        .map_err(|e| support::not_run(test, &e))
        .ok()
}

fn address(server: &Server) -> String {
    server.ready["xray"].as_str().unwrap().to_owned()
}

/// The fixed key of --dev.
const KEY: (&str, &str) = (
    "AKIAFOURSIGHTDEV0000",
    "foursight/dev/secret/not/for/production",
);

/// Runs `aws xray …` signed with the fixed key of --dev: what it printed, or its complaint.
fn aws(python: &Path, server: &Server, arguments: &[&str]) -> Result<Value, String> {
    aws_as(KEY, python, server, arguments)
}

/// The same with another key: its id and its secret.
fn aws_as(
    (id, secret): (&str, &str),
    python: &Path,
    server: &Server,
    arguments: &[&str],
) -> Result<Value, String> {
    let out = Command::new(python.with_file_name("aws"))
        .arg("--endpoint-url")
        .arg(server.url(""))
        .arg("xray")
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_PAGER", "")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match out.status.success() {
        true if out.stdout.is_empty() => Ok(Value::Null),
        true => Ok(serde_json::from_slice(&out.stdout).unwrap()),
        false => Err(text(&out.stderr)),
    }
}

fn now_s() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// Sums by outcome of what came to the daemon's port.
fn daemon_items(server: &Server) -> [u64; 5] {
    let page = support::get(&server.url("/metrics")).text();
    ["received", "stored", "refused", "dropped", "merged"].map(|outcome| {
        let name =
            format!("foursight_items_total{{protocol=\"xray/daemon\",outcome=\"{outcome}\"}} ");
        page.lines()
            .find_map(|l| l.strip_prefix(&name)?.parse().ok())
            .unwrap_or(0)
    })
}

fn wait_for(what: &str, seconds: u64, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn rows_of(server: &Server) -> u64 {
    let query = json!({"calculations": [{"op": "COUNT"}]});
    let answer = server.query(Some("xray"), &query);
    answer["total"]["COUNT"].as_u64().unwrap_or(0)
}

/// *Scenario*: what a team does by hand (walkthrough §2), with the real command, signed. *Guarantees*:
/// the group and the rule are there as asked; unsigned calls, those with a wrong secret or an unknown key, what
/// is not built and expressions that cannot be read are refused in AWS's codes.
#[test]
fn the_aws_command_sets_up_and_asks() {
    let Some(python) = client_env("the_aws_command_sets_up_and_asks") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let aws = |arguments: &[&str]| aws(&python, &server, arguments);

    let group = aws(&[
        "create-group",
        "--group-name",
        "Cruddur",
        "--filter-expression",
        "service(\"backend-flask\")",
    ])
    .unwrap();
    let group = &group["Group"];
    assert_eq!(group["GroupName"], "Cruddur");
    assert_eq!(group["FilterExpression"], "service(\"backend-flask\")");
    assert_eq!(group["InsightsConfiguration"]["InsightsEnabled"], false);
    let arn = group["GroupARN"].as_str().unwrap().to_owned();
    assert!(
        arn.starts_with("arn:aws:xray:us-east-1:000000000000:group/Cruddur/"),
        "{arn}"
    );
    let again = aws(&["create-group", "--group-name", "Cruddur"]).unwrap_err();
    assert!(again.contains("InvalidRequestException"), "{again}");

    let rule = server.run_dir().join("xray.json");
    let of_team = json!({"SamplingRule": {
        "RuleName": "Cruddur", "ResourceARN": "*", "Priority": 9000, "FixedRate": 0.1, "ReservoirSize": 5,
        "ServiceName": "backend-flask", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1
    }});
    std::fs::write(&rule, of_team.to_string()).unwrap();
    let from_file = format!("file://{}", rule.display());
    let made = aws(&["create-sampling-rule", "--cli-input-json", &from_file]).unwrap();
    let mut echoed = made["SamplingRuleRecord"]["SamplingRule"].clone();
    let own = echoed.as_object_mut().unwrap();
    assert_eq!(own.remove("Attributes"), Some(json!({})));
    assert!(own.remove("RuleARN").is_some());
    assert_eq!(echoed, of_team["SamplingRule"]);
    let listed = aws(&["get-sampling-rules"]).unwrap();
    let names: Vec<_> = listed["SamplingRuleRecords"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["SamplingRule"]["RuleName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Cruddur", "Default"]);
    let changed = aws(&[
        "update-sampling-rule",
        "--sampling-rule-update",
        r#"{"RuleName":"Default","FixedRate":0.5}"#,
    ])
    .unwrap();
    assert_eq!(
        changed["SamplingRuleRecord"]["SamplingRule"]["FixedRate"],
        0.5
    );
    let kept = aws(&["delete-sampling-rule", "--rule-name", "Default"]).unwrap_err();
    assert!(kept.contains("InvalidRequestException"), "{kept}");

    aws(&[
        "tag-resource",
        "--resource-arn",
        &arn,
        "--tags",
        "Key=team,Value=a",
    ])
    .unwrap();
    let tags = aws(&["list-tags-for-resource", "--resource-arn", &arn]).unwrap();
    assert_eq!(tags["Tags"], json!([{"Key": "team", "Value": "a"}]));
    aws(&[
        "untag-resource",
        "--resource-arn",
        &arn,
        "--tag-keys",
        "team",
    ])
    .unwrap();
    let unknown = aws(&[
        "list-tags-for-resource",
        "--resource-arn",
        "arn:aws:xray:us-east-1:000000000000:group/x/y",
    ]);
    assert!(unknown.unwrap_err().contains("ResourceNotFoundException"));

    let at = now_s() - 60;
    let document = format!(
        r#"{{"name":"backend-flask","id":"483ca848fe4fe3c9","trace_id":"1-67891233-abcdef012345678912345678","start_time":{at}.5,"end_time":{at}.75,"in_progress":false,"http":{{"request":{{"method":"GET","url":"http://h/api"}},"response":{{"status":500}}}},"subsegments":[{{"id":"61ac2767f5867bad","name":"db@h","namespace":"remote","start_time":{at}.6,"end_time":{at}.7,"sql":{{"database_type":"sqlite"}}}}]}}"#
    );
    let put = aws(&[
        "put-trace-segments",
        "--trace-segment-documents",
        &document,
        r#"{"id":"483ca848fe4fe3c9"}"#,
    ])
    .unwrap();
    let unprocessed = put["UnprocessedTraceSegments"].as_array().unwrap();
    assert_eq!(unprocessed.len(), 1);
    assert_eq!(unprocessed[0]["ErrorCode"], "MissingTraceId");

    let (start, end) = ((at - 10).to_string(), (at + 10).to_string());
    let range = ["--start-time", &start, "--end-time", &end];
    let ask = |more: &[&str]| aws(&[more, &range].concat());
    let found = ask(&[
        "get-trace-summaries",
        "--filter-expression",
        "group.name = \"Cruddur\" AND fault",
    ])
    .unwrap();
    let summary = &found["TraceSummaries"][0];
    assert_eq!(summary["Id"], "1-67891233-abcdef012345678912345678");
    assert_eq!(summary["ResponseTime"], 0.25);
    assert_eq!(summary["Http"]["HttpStatus"], 500);
    assert_eq!(summary["HasFault"], true);
    let none = ask(&["get-trace-summaries", "--filter-expression", "ok"]).unwrap();
    assert_eq!(none["TraceSummaries"], json!([]));

    let got = aws(&[
        "batch-get-traces",
        "--trace-ids",
        "1-67891233-abcdef012345678912345678",
        "1-67891233-000000000000000000000001",
    ])
    .unwrap();
    let segments = got["Traces"][0]["Segments"].as_array().unwrap();
    assert_eq!(segments[0]["Document"], document, "byte for byte");
    let inferred: Value = serde_json::from_str(segments[1]["Document"].as_str().unwrap()).unwrap();
    assert_eq!(
        (
            &inferred["inferred"],
            &inferred["parent_id"],
            &inferred["origin"]
        ),
        (
            &json!(true),
            &json!("61ac2767f5867bad"),
            &json!("Database::SQL")
        )
    );
    assert_eq!(
        got["UnprocessedTraceIds"],
        json!(["1-67891233-000000000000000000000001"])
    );

    for graph in [
        ask(&["get-service-graph", "--group-name", "Cruddur"]).unwrap(),
        aws(&[
            "get-trace-graph",
            "--trace-ids",
            "67891233abcdef012345678912345678",
        ])
        .unwrap(),
    ] {
        let services = graph["Services"].as_array().unwrap();
        let of = |kind: Value| services.iter().find(|s| s["Type"] == kind).unwrap();
        let (web, client, database) = (
            of(Value::Null),
            of(json!("client")),
            of(json!("Database::SQL")),
        );
        assert_eq!(services.len(), 3);
        assert_eq!(client["Edges"][0]["ReferenceId"], web["ReferenceId"]);
        assert_eq!(web["Edges"][0]["ReferenceId"], database["ReferenceId"]);
        assert_eq!(web["SummaryStatistics"]["FaultStatistics"]["TotalCount"], 1);
        assert_eq!(client["SummaryStatistics"], Value::Null);
    }

    // The same for the UI.
    let times = format!("start_ns={}000000000&end_ns={}000000000", at - 10, at + 10);
    let own = |path: &str| {
        let reply = support::get(&server.url(&format!("/foursight/v1/environments/dev/{path}")));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    let map = own(&format!("map?{times}&group=Cruddur&filter=fault"));
    let nodes = map["nodes"].as_array().unwrap();
    let web = nodes.iter().find(|n| n["kind"].is_null()).unwrap();
    assert_eq!(
        (nodes.len(), map["edges"].as_array().unwrap().len()),
        (3, 2)
    );
    assert_eq!(
        (
            &web["name"],
            &web["calls"]["fault"],
            &web["calls"]["p50_ns"]
        ),
        (&json!("backend-flask"), &json!(1), &json!("250000000"))
    );
    assert_eq!(
        (&map["traces"], &map["partial"]),
        (&json!(1), &json!(false))
    );
    let by_scheme = "service(\"https://4567-abc.example.dev\")";
    aws(&[
        "create-group",
        "--group-name",
        "Scheme",
        "--filter-expression",
        by_scheme,
    ])
    .unwrap();
    let groups = own(&format!("groups?{times}"));
    let of = |name: &str| {
        let list = groups["groups"].as_array().unwrap();
        list.iter().find(|g| g["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (&of("Cruddur")["traces"], &of("Cruddur")["hint"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(of("Scheme")["traces"], 0);
    let hint = of("Scheme")["hint"].as_str().unwrap().to_owned();
    assert!(
        hint.starts_with("0 traces; the names seen here are backend-flask")
            && hint.contains("without scheme"),
        "{hint}"
    );
    let rules = own("sampling_rules");
    assert_eq!(rules["rules"][0]["rule"]["name"], "Cruddur");

    let quotes = ask(&[
        "get-trace-summaries",
        "--filter-expression",
        "service(backend-flask)",
    ]);
    assert!(quotes.unwrap_err().contains("double quotes"));
    let not_built = ask(&["get-insight-summaries", "--group-name", "Cruddur"]).unwrap_err();
    assert!(
        not_built.contains("UnknownOperationException")
            && not_built.contains("GetInsightSummaries"),
        "{not_built}"
    );
    for (key, code) in [
        ((KEY.0, "wrong"), "InvalidSignatureException"),
        (("AKIAUNKNOWN", KEY.1), "UnrecognizedClientException"),
    ] {
        let refused = aws_as(key, &python, &server, &["get-groups"]).unwrap_err();
        assert!(refused.contains(code), "{key:?}: {refused}");
    }
    let unsigned = support::request("POST", &server.url("/Groups"), &[], Some(b"{}"));
    assert_eq!(unsigned.status, 403);
    assert_eq!(
        unsigned.json()["__type"],
        "MissingAuthenticationTokenException"
    );
    aws(&["delete-group", "--group-arn", &arn]).unwrap();
    assert!(aws(&["get-group", "--group-name", "Cruddur"]).is_err());
}

/// One run of the real SDK.
struct Sampled {
    counted: Vec<(f64, f64)>,
    all: u64,
    quota: u64,
}

fn sampled(out: &std::process::Output) -> Sampled {
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    let seconds = |part: &str| -> Vec<(f64, f64)> {
        told[part]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s[0].as_f64().unwrap(), s[1].as_f64().unwrap()))
            .collect()
    };
    let counted = seconds("counted");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts"
    )]
    let all = seconds("before")
        .iter()
        .chain(&counted)
        .map(|(_, s)| *s as u64)
        .sum();
    Sampled {
        counted,
        all,
        quota: told["quota"].as_u64().unwrap(),
    }
}

/// *Scenario*: one process alone, then two at once, each 30 requests a second under a rule of 5 a second
/// and 10 % of the rest, polled through port 2000 by the real SDK. *Guarantees*: after the first reports
/// the share is 5, and 5 between the two, never more; what is sampled lies within 3σ of share + 10 % of
/// the rest for the seconds it took; every sampled trace is stored, no other.
#[test]
fn the_sdk_obeys_the_rule_and_two_share_the_reservoir() {
    let Some(python) = client_env("the_sdk_obeys_the_rule_and_two_share_the_reservoir") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let rule = r#"{"RuleName":"Shop","ResourceARN":"*","Priority":9000,"FixedRate":0.1,"ReservoirSize":5,"ServiceName":"shop","ServiceType":"*","Host":"*","HTTPMethod":"*","URLPath":"*","Version":1}"#;
    aws(
        &python,
        &server,
        &["create-sampling-rule", "--sampling-rule", rule],
    )
    .unwrap();
    let daemon = address(&server);
    let start = |before: &str, counted: &str| {
        Command::new(&python)
            .arg(support::repository().join("tests/clients/xray_sampled.py"))
            .args([&daemon, "shop", "30", before, counted])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let within = |runs: &[&Sampled]| {
        let (mut want, mut variance, mut got) = (0.0, 0.0, 0.0);
        for run in runs {
            #[expect(clippy::cast_precision_loss, reason = "a quota")]
            let quota = run.quota as f64;
            for (requests, sampled) in &run.counted {
                let rest = (requests - quota).max(0.0);
                want += requests.min(quota) + 0.1 * rest;
                variance += 0.09 * rest;
                got += sampled;
            }
        }
        let off: f64 = got - want;
        assert!(
            off.abs() <= 3.0 * variance.sqrt(),
            "sampled {got}, want {want} ± {}",
            3.0 * variance.sqrt()
        );
    };
    let alone = sampled(&start("13", "8").wait_with_output().unwrap());
    assert_eq!(alone.quota, 5);
    within(&[&alone]);
    // The first one's share runs out while nobody reports; then it takes reports of both to divide evenly.
    // The odd unit may change hands when a minute begins, and is nobody's until both have reported: the
    // seconds that count lie well behind that.
    wait_for("half a minute", 60, || {
        (30..50).contains(&((now_s() + 46) % 60))
    });
    let (a, b) = (start("36", "8"), start("36", "8"));
    let a = sampled(&a.wait_with_output().unwrap());
    let b = sampled(&b.wait_with_output().unwrap());
    assert_eq!(a.quota + b.quota, 5, "{} + {}", a.quota, b.quota);
    assert!(a.quota.min(b.quota) == 2, "{} and {}", a.quota, b.quota);
    within(&[&a, &b]);
    let all = alone.all + a.all + b.all;
    // Each trace is a segment and a subsegment.
    wait_for("what was sampled is stored", 5, || {
        rows_of(&server) == 2 * all
    });
    let [received, stored, ..] = daemon_items(&server);
    assert_eq!((received, stored), (all, all));
}

/// *Scenario*: 100,000 datagrams as fast as a socket takes them; when those are counted, malformed ones of two
/// kinds from two senders, few enough at a time that none is lost. *Guarantees*: received, with what the system
/// dropped, is what was sent; each malformed one is counted by its sender and its cause; what is counted as
/// stored is there.
#[test]
fn every_datagram_of_a_burst_is_accounted_for() {
    const SENT: u64 = 100_000;
    const AT_ONCE: u64 = 50;
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let connected = |from: &str| {
        let socket = UdpSocket::bind((from, 0)).unwrap();
        socket.connect(address(&server)).unwrap();
        socket
    };
    let socket = connected("127.0.0.1");
    let at = now_s();
    for i in 1..=SENT {
        let datagram = format!(
            r#"{HEADER}{{"name":"burst","id":"{i:016x}","trace_id":"1-{at:08x}-{i:024x}","start_time":{at}.5,"end_time":{at}.6}}"#
        );
        socket.send(datagram.as_bytes()).unwrap();
    }
    wait_for("every datagram is accounted for", 90, || {
        daemon_items(&server)[0] >= SENT
    });
    let [received, stored, refused, dropped, merged] = daemon_items(&server);
    assert_eq!((received, stored + dropped), (SENT, SENT));
    assert_eq!((refused, merged), (0, 0));
    assert_eq!(rows_of(&server), stored);

    let cut = format!("{HEADER}{{\"id\":");
    // Sender, datagram, how often, and the cause it is counted under.
    let malformed = [
        ("127.0.0.1", "no header at all", 300, "missing_header"),
        ("127.0.0.2", cut.as_str(), 400, "undecodable"),
        ("127.0.0.2", "no header at all", 150, "missing_header"),
        ("127.0.0.1", cut.as_str(), 100, "undecodable"),
    ];
    let mut sent = SENT;
    for (sender, datagram, times, _) in malformed {
        let socket = connected(sender);
        for _ in 0..times / AT_ONCE {
            for _ in 0..AT_ONCE {
                socket.send(datagram.as_bytes()).unwrap();
            }
            sent += AT_ONCE;
            wait_for("the malformed ones are counted", 30, || {
                daemon_items(&server)[0] >= sent
            });
        }
    }
    assert_eq!(
        daemon_items(&server),
        [sent, stored, sent - SENT, dropped, merged]
    );
    let list = support::get(&server.url("/foursight/v1/arrivals?protocol=xray/daemon")).json();
    let rows = list["rows"].as_array().unwrap();
    let of = |sender: &str, reason: &str| {
        rows.iter()
            .filter(|r| r["reason"]["code"] == reason && r["sender"] == sender)
            .map(|r| r["counters"]["refused"].as_u64().unwrap())
            .sum::<u64>()
    };
    for (sender, _, times, reason) in malformed {
        assert_eq!(of(sender, reason), times, "{sender}: {reason}");
    }
}

/// design.md §4.14, §4.16: outside `--dev` datagrams go to the first environment made, and are refused
/// with that reason while there is none; over TCP an unknown host name is refused by the setting's name.
#[test]
fn what_has_no_key_needs_an_environment_and_a_known_name() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &[]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address(&server)).unwrap();
    let at = now_s();
    let document = format!(
        r#"{HEADER}{{"name":"w","id":"0000000000000001","trace_id":"1-{at:08x}-000000000000000000000001","start_time":{at}.5,"end_time":{at}.6}}"#
    );
    socket.send(document.as_bytes()).unwrap();
    wait_for("the datagram is refused", 10, || {
        daemon_items(&server)[2] == 1
    });
    let url = format!("http://{}/GetSamplingRules", address(&server));
    let nowhere = support::request("POST", &url, &[], Some(b"{}"));
    assert_eq!(nowhere.status, 400);
    assert!(nowhere.text().contains("environment"), "{}", nowhere.text());

    let token = std::fs::read_to_string(data.path().join("setup-token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let made = support::request(
        "POST",
        &server.url("/foursight/v1/environments"),
        &[
            ("content-type", "application/json"),
            ("authorization", &bearer),
        ],
        Some(br#"{"name":"bootcamp"}"#),
    );
    assert!(made.status < 300, "{}", made.text());
    socket.send(document.as_bytes()).unwrap();
    wait_for("the datagram is stored", 10, || {
        daemon_items(&server)[1] == 1
    });
    let rules = support::request("POST", &url, &[], Some(b"{}"));
    assert_eq!(rules.status, 200);
    let default = &rules.json()["SamplingRuleRecords"][0]["SamplingRule"];
    assert_eq!(
        (
            &default["RuleName"],
            &default["Priority"],
            &default["Attributes"]
        ),
        (&json!("Default"), &json!(10_000), &json!({}))
    );
    let foreign = support::request("POST", &url, &[("host", "evil.example:2000")], Some(b"{}"));
    assert_eq!(foreign.status, 403);
    assert!(
        foreign.text().contains("http.allow_hosts"),
        "{}",
        foreign.text()
    );
    let groups = format!("http://{}/Groups", address(&server));
    let signed_only = support::request("POST", &groups, &[], Some(b"{}"));
    assert_eq!(signed_only.status, 403);
    assert!(signed_only.text().contains("MissingAuthenticationToken"));
}
