//! The binary from outside: start, refusals to start, stop, restart; credentials; limits; the UI.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use support::{Reply, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const DEV_KEY: &str = "fsdev_ingest_key_000000";

/// Runs a command to its end.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a command prints, when it succeeds.
fn ok(arguments: &[&str]) -> String {
    let output = run(arguments, &[]);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The one line that an operator sees of a failing command: nothing else is on stderr, nor on stdout.
fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = run(arguments, variables);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?} succeeded");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(said.starts_with("foursight: "), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{said}");
    lines[0].to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// One span over OTLP/HTTP.
fn send(server: &Server, key: &str, name: &str) -> Reply {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let span = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "backend"}}]},
        "scopeSpans": [{"scope": {"name": "test"}, "spans": [{
            "traceId": format!("{nanos:032x}"), "spanId": "1122334455667788", "name": name, "kind": 2,
            "startTimeUnixNano": (nanos - 250_000_000).to_string(), "endTimeUnixNano": nanos.to_string(),
        }]}],
    }]});
    support::request(
        "POST",
        &server.url_of("otlp_http", "/v1/traces"),
        &[
            ("content-type", "application/json"),
            ("x-honeycomb-team", key),
        ],
        Some(span.to_string().as_bytes()),
    )
}

fn post(server: &Server, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    support::request(
        "POST",
        &server.url(path),
        &all,
        Some(body.to_string().as_bytes()),
    )
}

fn count(server: &Server, headers: &[(&str, &str)], env: &str) -> u64 {
    let reply = post(
        server,
        "/foursight/v1/query",
        headers,
        &json!({"env": env, "text": "COUNT"}),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["total"]["COUNT"].as_u64().unwrap()
}

#[test]
fn a_start_tells_where_it_listens_and_a_stop_is_clean() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    assert_eq!(server.ready["pid"], server.pid());
    for name in ["http", "otlp_http", "otlp_grpc"] {
        assert_eq!(
            support::get(&server.url_of(name, "/health/ready")).json(),
            json!({"state": "ok"})
        );
    }
    let page = support::get(&server.url("/metrics")).text();
    assert!(page.contains("foursight_build_info"), "{page}");
    assert!(server.log().contains("data lies in"), "{}", server.log());
    let ready = server.run_dir().join("ready.json");
    assert!(ready.exists() && data.path().join("server.json").exists());
    assert_eq!(server.stop().code(), Some(0));
    assert!(
        !data.path().join("server.json").exists(),
        "a stopped server is not found"
    );
}

/// *Guarantees*: a stream without an end hears what arrives, and does not hold up a stop.
#[test]
fn the_live_stream_ends_with_the_server() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let mut stream = std::net::TcpStream::connect(server.ready["http"].as_str().unwrap()).unwrap();
    stream
        .write_all(b"GET /foursight/v1/arrivals/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(
        lines.any(|l| l.contains(r#"{"kind":"idle"}"#)),
        "it says at once that it listens"
    );
    assert_eq!(send(&server, DEV_KEY, "one").status, 200);
    let heard = lines.find(|l| l.contains(r#""kind":"arrival""#)).unwrap();
    assert!(heard.contains(r#""stored":1"#), "{heard}");
    let before = std::time::Instant::now();
    assert_eq!(server.stop().code(), Some(0));
    assert!(before.elapsed().as_secs() < 10, "{:?}", before.elapsed());
}

#[test]
fn a_restart_keeps_data_and_counters() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    for i in 0..5 {
        assert_eq!(send(&server, DEV_KEY, &format!("span {i}")).status, 200);
    }
    assert_eq!(count(&server, &[], "dev"), 5);
    let locked = refusal(&["verify", "--data-dir", text(data.path())], &[]);
    assert!(locked.contains(&server.pid().to_string()), "{locked}");
    assert_eq!(server.stop().code(), Some(0));
    let found: Value =
        serde_json::from_str(&ok(&["verify", "--json", "--data-dir", text(data.path())])).unwrap();
    assert_eq!((&found["ok"], &found["rows"]), (&json!(true), &json!(5)));
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    assert_eq!(count(&server, &[], "dev"), 5);
    let arrivals = support::get(&server.url("/foursight/v1/arrivals")).json();
    assert_eq!(arrivals["counters"]["stored"], 5);
}

#[test]
fn what_keeps_it_from_starting_is_one_line_with_the_way_out() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let free = [
        "--http",
        "127.0.0.1:0",
        "--otlp-grpc",
        "127.0.0.1:0",
        "--otlp-http",
        "127.0.0.1:0",
        "--xray",
        "127.0.0.1:0",
    ];
    let serve = |more: &[&str]| {
        let mut arguments = vec!["serve"];
        arguments.extend(free);
        arguments.extend(more);
        refusal(&arguments, &[])
    };

    let locked = serve(&["--data-dir", text(data.path())]);
    assert!(locked.contains("--data-dir"), "{locked}");
    assert!(locked.contains(&server.pid().to_string()), "{locked}");

    let taken = server.ready["http"].as_str().unwrap();
    let said = refusal(
        &[
            "serve",
            "--data-dir",
            text(other.path()),
            "--http",
            taken,
            "--otlp-grpc",
            "127.0.0.1:0",
        ],
        &[],
    );
    assert!(said.contains(taken) && said.contains("--http"), "{said}");
    assert!(
        !cfg!(target_os = "linux") || said.contains(&format!("pid {}", server.pid())),
        "{said}"
    );

    let file = other.path().join("file");
    std::fs::write(&file, "").unwrap();
    let unusable = serve(&["--data-dir", text(&file)]);
    assert!(unusable.contains("--data-dir"), "{unusable}");
    // Nobody can write there, not even root.
    for folder in ["/proc/self", "/proc/none/foursight"] {
        let unwritable = serve(&["--data-dir", folder]);
        assert!(
            !cfg!(target_os = "linux") || unwritable.contains("make it writable"),
            "{unwritable}"
        );
    }

    let flag = serve(&["--datadir", "x"]);
    assert!(flag.contains("--data-dir"), "{flag}");

    let config = other.path().join("foursight.toml");
    std::fs::write(&config, "[retention]\ndayz = 3\n").unwrap();
    let key = serve(&["--config", text(&config)]);
    assert!(key.contains(":2: unknown field `dayz`"), "{key}");

    let open = refusal(&["serve", "--dev", "--http", "0.0.0.0:0"], &[]);
    assert!(open.contains("loopback"), "{open}");

    let empty = refusal(
        &["serve", "--data-dir", text(other.path())],
        &[("FOURSIGHT_INITIAL_KEYS", "bootcamp:ingest:")],
    );
    assert!(empty.contains("FOURSIGHT_INITIAL_KEYS"), "{empty}");
}

/// *Scenario*: the demo, while another program has two of its ports. *Guarantees*: it starts, says who has
/// each and where it listens instead, and prints one address, that of the free port.
#[test]
fn the_demo_takes_free_ports_for_taken_ones_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let takers = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let taken = takers
        .each_ref()
        .map(|t| t.local_addr().unwrap().to_string());
    let free = "127.0.0.1:0";
    let output = run(
        &[
            "demo",
            "--no-open",
            "--for=1s",
            "--data-dir",
            text(data.path()),
            "--http",
            &taken[0],
            "--app",
            &taken[1],
            "--otlp-grpc",
            free,
            "--otlp-http",
            free,
            "--xray",
            free,
        ],
        &[],
    );
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let me = format!("(pid {})", std::process::id());
    let instead = taken.each_ref().map(|address| {
        let is_about = |line: &&str| line.contains(&format!("{address} is taken"));
        let lines: Vec<_> = told.lines().filter(is_about).collect();
        assert_eq!(lines.len(), 1, "{told}");
        assert!(
            !cfg!(target_os = "linux") || lines[0].contains(&me),
            "{told}"
        );
        let (_, rest) = lines[0].split_once(" listens on ").unwrap();
        rest.split_once(" instead").unwrap().0.to_owned()
    });
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), 1, "{printed}");
    let url = format!("http://{}/e/dev/explore", instead[0]);
    assert!(lines[0].starts_with(&url), "{printed}, not {url}");
    assert!(!taken.contains(&instead[0]) && !taken.contains(&instead[1]));
}

/// *Scenario*: outside `--dev`, a key is made by the command line while the server runs, used, and
/// revoked. *Guarantees*: the owner token is asked; a key works and stops working at once; Arrivals
/// says why; the fixed keys of `--dev` are refused.
#[test]
fn a_key_lives_from_its_making_to_its_revocation() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &[]);
    let dir = ["--data-dir", text(data.path())];
    let with = |arguments: &[&str]| ok(&[arguments, &dir].concat());

    let session = support::get(&server.url("/foursight/v1/session")).json();
    assert_eq!(
        (&session["token_required"], &session["authorized"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        support::get(&server.url("/foursight/v1/environments")).status,
        401
    );
    let token = std::fs::read_to_string(data.path().join("setup-token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let owner = [("authorization", bearer.as_str())];
    assert!(
        server.log().contains(token.trim()),
        "the token is told once"
    );

    with(&["environments", "create", "bootcamp", "--color", "gold"]);
    let made = with(&["keys", "create", "--environment", "bootcamp", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let (key, id) = (
        made["secret"].as_str().unwrap(),
        made["key"]["id"].as_str().unwrap(),
    );
    assert!(key.starts_with("fs_in_"));
    assert_eq!(send(&server, key, "first").status, 200);
    assert_eq!(count(&server, &owner, "bootcamp"), 1);
    assert!(with(&["keys", "whoami", key]).contains("bootcamp"));
    assert!(
        !with(&["keys", "list"]).contains(key),
        "secrets are never listed"
    );
    assert!(with(&["query", "COUNT group by name"]).contains("first"));

    with(&["keys", "revoke", id]);
    assert_eq!(send(&server, key, "second").status, 401);
    assert_eq!(send(&server, DEV_KEY, "third").status, 401);
    assert_eq!(count(&server, &owner, "bootcamp"), 1);
    let refused = support::request(
        "GET",
        &server.url("/foursight/v1/arrivals?outcome=refused"),
        &owner,
        None,
    )
    .json();
    let reasons: Vec<_> = refused["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["reason"]["code"].clone())
        .collect();
    assert_eq!(reasons, ["dev_key", "revoked_key"]);
    assert!(
        refused["rows"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["reason"]["fix"].is_string())
    );

    let wrong = refusal(
        &[
            "keys",
            "list",
            "--url",
            &server.url(""),
            "--token",
            "wrong",
            dir[0],
            dir[1],
        ],
        &[],
    );
    assert!(wrong.contains("setup-token"), "{wrong}");
    assert_eq!(server.stop().code(), Some(0));
    assert!(
        with(&["keys", "list"]).contains("revoked"),
        "nobody has the directory: it is opened"
    );
}

#[test]
fn keys_from_variables_are_there_from_the_start() {
    let data = tempfile::tempdir().unwrap();
    let own = "a-key-the-app-has-already";
    let keys = format!("bootcamp:ingest:{own}");
    let server = Server::spawn(
        BINARY,
        data.path(),
        &[],
        &[("FOURSIGHT_INITIAL_KEYS", &keys)],
    );
    assert_eq!(send(&server, own, "first").status, 200);
    assert!(
        !server.log().contains(own),
        "a secret never stands in the log"
    );
}

#[test]
fn foreign_names_and_pages_are_refused_and_paths_with_a_key_are_not() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(
        BINARY,
        data.path(),
        &["--dev", "--http-allow-hosts", "shop.example"],
    );
    let get = |path: &str, headers: &[(&str, &str)]| {
        support::request("GET", &server.url(path), headers, None)
    };
    for path in ["/foursight/v1/session", "/"] {
        let refused = get(path, &[("host", "evil.example")]);
        assert_eq!(refused.status, 403, "{path}");
        assert!(
            refused.text().contains("http.allow_hosts"),
            "{}",
            refused.text()
        );
        assert_eq!(get(path, &[("host", "shop.example:8080")]).status, 200);
    }
    assert_eq!(
        get(
            "/foursight/v1/session",
            &[("origin", "http://evil.example")]
        )
        .status,
        403
    );
    assert_eq!(
        get("/foursight/v1/session", &[("sec-fetch-site", "cross-site")]).status,
        403
    );
    assert_eq!(
        get(
            "/1/auth",
            &[("host", "foursight"), ("x-honeycomb-team", DEV_KEY)]
        )
        .status,
        200
    );
    // What a form of another site can send without being asked first.
    let form = support::request(
        "POST",
        &server.url("/foursight/v1/environments"),
        &[("content-type", "text/plain")],
        Some(br#"{"name":"x"}"#),
    );
    assert_eq!(form.status, 415);
}

#[test]
fn requests_beyond_the_limits_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let long = format!("/x?{}", "y".repeat(9_000));
    assert_eq!(support::get(&server.url(&long)).status, 414);
    let large = "y".repeat(40_000);
    let reply = support::request(
        "GET",
        &server.url("/health/live"),
        &[("x-large", &large)],
        None,
    );
    assert_eq!(reply.status, 431);
    let body = json!({"env": "dev", "text": "z".repeat(2 << 20)});
    assert_eq!(post(&server, "/foursight/v1/query", &[], &body).status, 413);
}

/// *Guarantees*: one port speaks HTTP/1 and HTTP/2 without TLS, and gRPC by its path.
#[test]
fn grpc_is_answered_on_every_port() {
    use http_body_util::{BodyExt as _, Full};
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let export = async |address: &str| {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(
            hyper_util::rt::TokioExecutor::new(),
            hyper_util::rt::TokioIo::new(stream),
        )
        .await
        .unwrap();
        tokio::spawn(connection);
        let request = http::Request::post(format!(
            "http://{address}/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        ))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("x-honeycomb-team", DEV_KEY)
        // An empty message: not compressed, no bytes.
        .body(Full::new(bytes::Bytes::from_static(&[0; 5])))
        .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let early = response.headers().get("grpc-status").cloned();
        let collected = response.into_body().collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        trailers.get("grpc-status").cloned().or(early).unwrap()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for name in ["http", "otlp_grpc", "otlp_http"] {
        let status = runtime.block_on(export(server.ready[name].as_str().unwrap()));
        assert_eq!(status, "0", "{name}");
    }
}

#[test]
fn a_streamed_answer_begins_with_its_plan_and_ends_with_the_answer() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    assert_eq!(send(&server, DEV_KEY, "one").status, 200);
    let accept = [("accept", "application/x-ndjson")];
    let ask = json!({"env": "dev", "text": "COUNT, HEATMAP(duration_ms) from -10m"});
    let reply = post(&server, "/foursight/v1/query", &accept, &ask);
    let lines: Vec<Value> = reply
        .text()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines[0]["kind"], "plan");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["answer"]["total"]["COUNT"]),
        (&json!("done"), &json!(1))
    );
    let heat = &last["answer"]["series"][0]["lines"][1];
    assert_eq!(
        (&heat["kind"], &heat["peak"]),
        (&json!("heatmap"), &json!(1))
    );
    assert!(
        last["answer"]["results"][0]
            .get("HEATMAP(duration_ms)")
            .is_none_or(Value::is_object)
    );

    let wrong = post(
        &server,
        "/foursight/v1/query",
        &accept,
        &json!({"env": "dev", "text": "COUNT group bi x"}),
    );
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(wrong.json()["offset"], 12);
    let nowhere = post(
        &server,
        "/foursight/v1/query",
        &[],
        &json!({"env": "none", "text": "COUNT"}),
    );
    assert_eq!(nowhere.status, 404);
}

#[test]
fn every_other_address_is_the_ui() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let first = support::get(&server.url("/e/dev/explore?v=COUNT"));
    assert_eq!(
        (first.status, first.header("cache-control")),
        (200, Some("no-cache"))
    );
    let policy = |r: &Reply| r.header("content-security-policy").unwrap().to_owned();
    assert!(policy(&first).contains("frame-ancestors 'none'"));
    assert_ne!(
        policy(&first),
        policy(&support::get(&server.url("/"))),
        "each page has its own nonce"
    );
    assert_eq!(first.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(support::get(&server.url("/assets/gone-123.js")).status, 404);
    assert_eq!(
        support::get(&server.url("/foursight/v1/nowhere")).status,
        404
    );
    let api = support::get(&server.url("/foursight/v1/session"));
    assert_eq!(api.header("cache-control"), Some("no-store"));

    let html = first.text();
    let Some(start) = html.find("/assets/") else {
        return support::not_run(
            "every_other_address_is_the_ui",
            "the UI has no files: built from FOURSIGHT_UI_DIST?",
        );
    };
    let script = &html[start..start + html[start..].find('"').unwrap()];
    let file = support::request(
        "GET",
        &server.url(script),
        &[("accept-encoding", "br")],
        None,
    );
    assert!(file.header("cache-control").unwrap().contains("immutable"));
    let tag = file.header("etag").unwrap();
    let again = support::request("GET", &server.url(script), &[("if-none-match", tag)], None);
    assert_eq!((again.status, again.body.len()), (304, 0));
}
