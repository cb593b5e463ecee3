//! Twelve ways to get nothing, each made for real: Arrivals or the doctor names that cause and no other.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::{clean, client_env, run_client};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const KEY: &str = "fsdev_ingest_key_000000";
const AWS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAFOURSIGHTDEV0000"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "foursight/dev/secret/not/for/production",
    ),
    ("AWS_DEFAULT_REGION", "us-east-1"),
];

/// A server in `--dev`, and the Python with the real SDKs.
struct Scene {
    server: Server,
    python: PathBuf,
    _data: tempfile::TempDir,
}

impl Scene {
    fn new(test: &str) -> Option<Self> {
        let python = client_env(test)?;
        let data = tempfile::tempdir().unwrap();
        Some(Self {
            server: Server::start(BINARY, data.path(), &["--dev"]),
            python,
            _data: data,
        })
    }

    /// Every row of Arrivals, once all that was sent is in it.
    fn arrivals(&self) -> Vec<Value> {
        self.settle();
        let url = self.server.url("/foursight/v1/arrivals?limit=1000");
        support::get(&url).json()["rows"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Waits until no request is under way: each is noted before its connection ends.
    fn settle(&self) {
        let open = || -> u64 {
            let page = support::get(&self.server.url("/metrics")).text();
            let gauge = |l: &str| {
                l.strip_prefix("foursight_connections ")?
                    .trim()
                    .parse()
                    .ok()
            };
            page.lines().find_map(gauge).unwrap()
        };
        // The one that asks is open too.
        until("every connection ends", || open() == 1);
    }

    /// Waits until no datagram is under way. They are stored pack by pack: the second of these comes after
    /// all of the first one's pack was noted.
    fn settle_datagrams(&self) {
        for id in ["00000000000000a1", "00000000000000a2"] {
            let (now, trace) = (now_s(), format!("1-5759e988-00000000{id}"));
            let document = json!({"name": "last", "id": id, "trace_id": trace, "start_time": now, "end_time": now});
            self.datagram(&format!(
                "{{\"format\":\"json\",\"version\":1}}\n{document}"
            ));
            let filter = json!({"column": "trace.trace_id", "op": "=", "value": trace});
            let ask = json!({"env": "dev", "dataset": "xray", "query": {"filters": [filter]}});
            until("the last datagram is stored", || {
                let found = support::post(&self.server.url("/foursight/v1/rows"), &ask);
                // There is no such dataset before its first row.
                found.status == 200 && found.json()["rows"].as_array().unwrap().len() == 1
            });
        }
    }

    fn datagram(&self, text: &str) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let daemon = self.server.ready["xray"].as_str().unwrap();
        socket.send_to(text.as_bytes(), daemon).unwrap();
    }

    /// The reasons in Arrivals, all of them.
    fn reasons(&self) -> BTreeSet<String> {
        let rows = self.arrivals();
        let codes = rows.iter().filter_map(|r| r["reason"]["code"].as_str());
        codes.map(str::to_owned).collect()
    }

    /// What the doctor finds in these variables, beyond notes.
    fn doctor(&self, variables: &[(&str, &str)], args: &[&str]) -> BTreeSet<String> {
        let out = clean(Command::new(BINARY))
            .args(["doctor", "--json", "--url", &self.server.url("")])
            .args(args)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        let of_checks = report["checks"].as_array().unwrap().iter();
        of_checks
            .chain(std::iter::once(&report))
            .flat_map(|c| c["findings"].as_array().unwrap())
            .filter(|f| f["level"] != "note")
            .map(|f| f["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// One span by the real exporter.
    fn span(&self, endpoint: &str, key: &str, end: &str) {
        let args = [endpoint, key, "backend-flask", end];
        run_client(&self.python, "one_span.py", &args);
    }

    fn otlp(&self) -> String {
        self.server.url_of("otlp_http", "/v1/traces")
    }

    /// The variables of a team's app that sends spans to `endpoint`.
    fn otel<'a>(endpoint: &'a str, headers: &'a str) -> [(&'a str, &'a str); 3] {
        [
            ("OTEL_SERVICE_NAME", "backend-flask"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_HEADERS", headers),
        ]
    }

    /// The real `aws`, by these variables beside keys and region.
    fn aws(&self, variables: &[(&str, &str)], args: &[&str]) -> bool {
        let out = clean(Command::new(self.python.with_file_name("aws")))
            .args(args)
            .args(["--cli-connect-timeout", "2", "--cli-read-timeout", "5"])
            .envs(AWS)
            .envs(variables.iter().copied())
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .output()
            .unwrap();
        out.status.success()
    }
}

/// Looks until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited 30 s until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|c| (*c).to_owned()).collect()
}

const KEYED: &str = "x-honeycomb-team=fsdev_ingest_key_000000";

/// *Guarantees* of the twelve: a second reason is seen, however late it comes after the first.
#[test]
fn what_comes_a_moment_later_is_waited_for() {
    let data = tempfile::tempdir().unwrap();
    let scene = Scene {
        server: Server::start(BINARY, data.path(), &["--dev"]),
        python: PathBuf::new(),
        _data: data,
    };
    let address = scene.server.ready["otlp_http"].as_str().unwrap();
    let mut late = TcpStream::connect(address).unwrap();
    let half = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    late.write_all(half.as_bytes()).unwrap();
    let headers = [
        ("x-honeycomb-team", "fsdev_ingest_key_000001"),
        ("content-type", "application/x-protobuf"),
    ];
    let reply = support::request("POST", &scene.otlp(), &headers, Some(b""));
    assert_eq!(reply.status, 401);
    let reasons = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Late on purpose.
            std::thread::sleep(Duration::from_millis(500));
            let rest = format!(
                "x-honeycomb-team: {KEY}\r\ncontent-type: text/plain\r\ncontent-length: 1\r\n\r\nx"
            );
            late.write_all(rest.as_bytes()).unwrap();
            late.read_to_end(&mut Vec::new()).unwrap();
        });
        scene.reasons()
    });
    assert_eq!(reasons, set(&["content_type", "unknown_key"]));
}

#[test]
fn way_01_a_wrong_key() {
    let Some(scene) = Scene::new("way_01_a_wrong_key") else {
        return;
    };
    scene.span(&scene.otlp(), "fsdev_ingest_key_000001", "flush");
    assert_eq!(scene.reasons(), set(&["unknown_key"]));
    let headers = "x-honeycomb-team=fsdev_ingest_key_000001";
    let base = scene.server.url_of("otlp_http", "");
    let found = scene.doctor(&Scene::otel(&base, headers), &[]);
    assert_eq!(found, set(&["unknown_key"]));
}

#[test]
fn way_02_the_key_of_another_environment() {
    let Some(scene) = Scene::new("way_02_the_key_of_another_environment") else {
        return;
    };
    let dir = scene.server.data_dir.to_string_lossy().into_owned();
    let cli = |args: &[&str]| -> Value {
        let out = Command::new(BINARY)
            .args(args)
            .args(["--json", "--data-dir", &dir])
            .output()
            .unwrap();
        serde_json::from_slice(&out.stdout).unwrap()
    };
    cli(&["environments", "create", "staging"]);
    let key = cli(&["keys", "create", "-e", "staging"]);
    let key = key["secret"].as_str().unwrap();
    scene.span(&scene.otlp(), key, "flush");
    // Nothing is refused: Arrivals says where it went.
    let rows = scene.arrivals();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (
            &rows[0]["env"],
            &rows[0]["reason"],
            &rows[0]["counters"]["stored"]
        ),
        (&json!("staging"), &Value::Null, &json!(1))
    );
    let base = scene.server.url_of("otlp_http", "");
    let headers = format!("x-honeycomb-team={key}");
    let found = scene.doctor(&Scene::otel(&base, &headers), &["--environment", "dev"]);
    assert_eq!(found, set(&["other_environment"]));
}

#[test]
fn way_03_an_old_rollbar_token() {
    let Some(scene) = Scene::new("way_03_an_old_rollbar_token") else {
        return;
    };
    let (endpoint, token) = (
        scene.server.url("/api/1/"),
        "abcd0000000000000000000000000001",
    );
    run_client(&scene.python, "rollbar_hello.py", &[&endpoint, token]);
    assert_eq!(scene.reasons(), set(&["unknown_key"]));
    assert_eq!(scene.arrivals()[0]["protocol"], "rollbar");
    let variables = [
        ("ROLLBAR_ACCESS_TOKEN", token),
        ("ROLLBAR_ENDPOINT", &endpoint),
    ];
    assert_eq!(scene.doctor(&variables, &[]), set(&["unknown_key"]));
}

#[test]
fn way_04_a_wrong_port() {
    let Some(scene) = Scene::new("way_04_a_wrong_port") else {
        return;
    };
    // The AWS command line, sent to OTLP's port.
    let there = scene.server.url_of("otlp_http", "");
    let variables = [("AWS_ENDPOINT_URL", there.as_str())];
    assert!(!scene.aws(
        &variables,
        &["logs", "create-log-group", "--log-group-name", "x"]
    ));
    assert_eq!(scene.reasons(), set(&["wrong_port"]));
    let all: Vec<_> = AWS.into_iter().chain(variables).collect();
    assert_eq!(scene.doctor(&all, &[]), set(&["wrong_port"]));
}

#[test]
fn way_05_a_datagram_without_its_header() {
    let Some(scene) = Scene::new("way_05_a_datagram_without_its_header") else {
        return;
    };
    let document = r#"{"name":"x","id":"70de5b6f19ff9a0a","trace_id":"1-5759e988-bd862e3fe1be46a994272793","start_time":1,"end_time":2}"#;
    scene.datagram(document);
    scene.settle_datagrams();
    assert_eq!(scene.reasons(), set(&["missing_header"]));
}

#[test]
fn way_06_sampling_at_zero() {
    let Some(scene) = Scene::new("way_06_sampling_at_zero") else {
        return;
    };
    let rule = json!({"SamplingRule": {"RuleName": "Nothing", "ResourceARN": "*", "Priority": 1,
        "FixedRate": 0.0, "ReservoirSize": 0, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1}});
    let file = scene.server.run_dir().join("rule.json");
    std::fs::write(&file, rule.to_string()).unwrap();
    let here = scene.server.url("");
    let input = format!("file://{}", file.display());
    let args = ["xray", "create-sampling-rule", "--cli-input-json", &input];
    assert!(scene.aws(&[("AWS_ENDPOINT_URL", &here)], &args));
    let daemon = scene.server.ready["xray"].as_str().unwrap();
    let found = scene.doctor(&[("AWS_XRAY_DAEMON_ADDRESS", daemon)], &[]);
    assert_eq!(found, set(&["not_sampled"]));
    // The SDK reports every ten seconds what it was asked for and recorded: Arrivals names the rule too.
    let args = [daemon, "backend-flask", "5", "1", "12"];
    run_client(&scene.python, "xray_sampled.py", &args);
    scene.settle_datagrams();
    assert_eq!(scene.reasons(), set(&["not_sampled"]));
    let rows = scene.arrivals();
    let row = rows.iter().find(|r| !r["reason"].is_null()).unwrap();
    let detail = row["reason"]["detail"].as_str().unwrap();
    assert!(detail.starts_with("rule Nothing: "), "{detail}");
}

#[test]
fn way_07_the_endpoint_variable_that_nobody_reads() {
    let Some(scene) = Scene::new("way_07_the_endpoint_variable_that_nobody_reads") else {
        return;
    };
    let here = scene.server.url("");
    let variables = [("AWS_ENDPOINT_URL_LOGS", here.as_str())];
    assert!(!scene.aws(
        &variables,
        &["logs", "create-log-group", "--log-group-name", "x"]
    ));
    assert!(
        scene.arrivals().is_empty(),
        "the command line read it after all"
    );
    let all: Vec<_> = AWS.into_iter().chain(variables).collect();
    assert_eq!(scene.doctor(&all, &[]), set(&["ignored_variable"]));
}

#[test]
fn way_08_https_to_http() {
    let Some(scene) = Scene::new("way_08_https_to_http") else {
        return;
    };
    let secure = scene.otlp().replace("http://", "https://");
    scene.span(&secure, KEY, "flush");
    assert_eq!(scene.reasons(), set(&["tls_on_plain_port"]));
    let base = scene.server.url_of("otlp_http", "");
    let base = base.replace("http://", "https://");
    let found = scene.doctor(&Scene::otel(&base, KEYED), &[]);
    assert_eq!(found, set(&["https_to_http"]));
}

#[test]
fn way_09_no_flush_at_exit() {
    let Some(scene) = Scene::new("way_09_no_flush_at_exit") else {
        return;
    };
    scene.span(&scene.otlp(), KEY, "lose");
    assert!(scene.arrivals().is_empty(), "it was sent after all");
    let base = scene.server.url_of("otlp_http", "");
    let found = scene.doctor(&Scene::otel(&base, KEYED), &[]);
    assert_eq!(found, set(&["nothing_from_app"]));
    // And once the app flushes, nothing is left to say.
    scene.span(&scene.otlp(), KEY, "flush");
    assert_eq!(scene.doctor(&Scene::otel(&base, KEYED), &[]), set(&[]));
}

#[test]
fn way_10_a_clock_off_by_ten_minutes() {
    let Some(scene) = Scene::new("way_10_a_clock_off_by_ten_minutes") else {
        return;
    };
    let said = run_client(
        &scene.python,
        "aws_odd.py",
        &[&scene.server.url(""), "clock"],
    );
    assert_eq!(said["code"], "InvalidSignatureException");
    assert_eq!(scene.reasons(), set(&["clock_skew"]));
}

#[test]
fn way_11_an_unsigned_call() {
    let Some(scene) = Scene::new("way_11_an_unsigned_call") else {
        return;
    };
    let args = [&*scene.server.url(""), "unsigned"];
    let said = run_client(&scene.python, "aws_odd.py", &args);
    assert_eq!(said["code"], "MissingAuthenticationTokenException");
    assert_eq!(scene.reasons(), set(&["missing_key"]));
}

/// The data directory lies on a file system of 2 GiB, of a mount namespace of its own; something else fills it
/// until less is free than the server wants to keep, and goes away again. What was taken before stays.
#[test]
fn way_12_a_full_disk() {
    let test = "way_12_a_full_disk";
    let Some(python) = client_env(test) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=2g none \"$0\" && exec \"$@\"";
    let allowed = Command::new("unshare")
        .args(["-rm", "sh", "-c", mount])
        .arg(data.path())
        .arg("true")
        .output();
    if !allowed.as_ref().is_ok_and(|out| out.status.success()) {
        support::not_run(
            test,
            &format!("no file system of its own can be mounted: {allowed:?}"),
        );
        return;
    }
    let folder = data.path().to_string_lossy().into_owned();
    let mut args = vec![
        "-rm",
        "sh",
        "-c",
        mount,
        &folder,
        BINARY,
        "serve",
        "--dev",
        "--data-dir",
        &folder,
    ];
    for listener in ["--http", "--otlp-grpc", "--otlp-http", "--xray"] {
        args.extend([listener, "127.0.0.1:0"]);
    }
    let scene = Scene {
        server: Server::launch("unshare", data.path(), &args, &[]),
        python,
        _data: data,
    };
    let taken = |wanted: usize| {
        let ask = json!({"env": "dev", "dataset": "backend-flask", "query": {"filters": []}});
        let rows = support::post(&scene.server.url("/foursight/v1/rows"), &ask).json();
        assert_eq!(rows["rows"].as_array().unwrap().len(), wanted, "{rows}");
    };
    scene.span(&scene.otlp(), KEY, "flush");
    taken(1);
    // As the server sees it: `unshare` and the shell became the server, its process has their number.
    let filler = format!("/proc/{}/root{folder}/filler", scene.server.pid());
    let filled = Command::new("fallocate")
        .args(["-l", "1200M", &filler])
        .output()
        .unwrap();
    assert!(filled.status.success(), "{filled:?}");
    // The disk is looked at every now and then.
    let ready = scene.server.url("/health/ready");
    until("the full disk is noticed", || {
        support::get(&ready).status == 503
    });
    scene.span(&scene.otlp(), KEY, "flush");
    assert_eq!(scene.reasons(), set(&["read_only"]));
    let base = scene.server.url_of("otlp_http", "");
    let found = scene.doctor(&Scene::otel(&base, KEYED), &[]);
    assert_eq!(found, set(&["read_only"]));
    taken(1);

    std::fs::remove_file(&filler).unwrap();
    until("the free room is noticed", || {
        support::get(&ready).status == 200
    });
    scene.span(&scene.otlp(), KEY, "flush");
    taken(2);
}
