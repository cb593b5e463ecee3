//! The team's compose file, run as plain processes, outside `--dev`: the owner token is asked for,
//! the compose file's key works, a key made while the server runs works, and is refused once revoked.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::{Flask, client_env};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
/// A key the team has already, in no form of ours.
const TEAM_KEY: &str = "Xy12Zq9fTeamKeyOfCruddur";
/// What the team has for the other three.
const TEAM: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIATEAMOFCRUDDUR001"),
    ("AWS_SECRET_ACCESS_KEY", "team/secret/of+cruddur"),
    ("ROLLBAR_ACCESS_TOKEN", "9f1c7a5e3b2d48609f1c7a5e3b2d4860"),
];

fn compose(python: &Path) -> Value {
    let app = support::repository().join("examples/cruddur-flask");
    let out = Command::new(python)
        .arg(support::repository().join("tests/clients/compose.py"))
        .args([app.join("docker-compose.yml"), app.join("Dockerfile")])
        .env("HONEYCOMB_API_KEY", TEAM_KEY)
        .envs(TEAM)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).unwrap()
}

fn variables(service: &Value) -> Vec<(String, String)> {
    let of = |m: &Value| {
        m.as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned()))
            .collect()
    };
    of(&service["environment"])
}

/// `foursight keys …` against the data directory of a running server.
fn cli(data: &Path, args: &[&str]) -> (bool, String) {
    let out = Command::new(BINARY)
        .args(args)
        .arg("--data-dir")
        .arg(data)
        .output()
        .unwrap();
    (
        out.status.success(),
        String::from_utf8_lossy(if out.status.success() {
            &out.stdout
        } else {
            &out.stderr
        })
        .into_owned(),
    )
}

fn owner(server: &Server, path: &str) -> Value {
    let token = std::fs::read_to_string(server.data_dir.join("setup-token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let reply = support::request(
        "GET",
        &server.url(path),
        &[("authorization", &bearer)],
        None,
    );
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// Rows of a dataset of `bootcamp`; 0 while it is not there.
fn rows(server: &Server, dataset: &str) -> u64 {
    let listed = owner(server, "/foursight/v1/environments/bootcamp/datasets");
    let found = listed["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["slug"] == dataset);
    found.and_then(|d| d["rows"].as_u64()).unwrap_or(0)
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within 20 s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn flask(
    python: &Path,
    team: &[(String, String)],
    image: &Value,
    server: &Server,
    key: &str,
) -> Flask {
    let mut all: Vec<(String, String)> = team.to_vec();
    all.extend(
        image["environment"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())),
    );
    for (name, value) in &mut all {
        // Names of containers become the addresses they would stand for.
        for (there, listener) in [
            ("foursight:4318", "otlp_http"),
            ("foursight:2000", "xray"),
            ("foursight:8080", "http"),
        ] {
            *value = value.replace(there, server.ready[listener].as_str().unwrap());
        }
        assert!(!value.contains("foursight:"), "{name}: {value}");
        *value = value.replace(TEAM_KEY, key);
    }
    let borrowed: Vec<(&str, &str)> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    Flask::start(python, &borrowed)
}

#[test]
fn the_compose_file_works_as_plain_processes() {
    let Some(python) = client_env("the_compose_file_works_as_plain_processes") else {
        return;
    };
    let compose = compose(&python);
    assert_eq!(
        compose["image"]["command"],
        serde_json::json!([
            "python3",
            "-m",
            "flask",
            "run",
            "--host=0.0.0.0",
            "--port=4567"
        ]),
        "process::Flask starts the app by this command, on loopback and a free port"
    );
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap().to_owned();
    let service = &compose["services"]["foursight"];
    let args: Vec<String> = service["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            let a = a.as_str().unwrap();
            if a.starts_with("0.0.0.0:") {
                "127.0.0.1:0".to_owned()
            } else {
                a.to_owned()
            }
        })
        .collect();
    let variables_of_server: Vec<(String, String)> = variables(service)
        .into_iter()
        .map(|(k, v)| {
            if k == "FOURSIGHT_DATA_DIR" {
                (k, folder.clone())
            } else {
                (k, v)
            }
        })
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let borrowed: Vec<(&str, &str)> = variables_of_server
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let server = Server::launch(BINARY, data.path(), &args, &borrowed);

    // The owner token is asked for, and the fixed keys of --dev are nothing here.
    assert_eq!(
        support::get(&server.url("/foursight/v1/environments")).status,
        401
    );
    let wrong = support::request(
        "GET",
        &server.url("/foursight/v1/environments"),
        &[("authorization", "Bearer guess")],
        None,
    );
    assert_eq!(wrong.status, 401);
    assert!(
        owner(&server, "/foursight/v1/environments")
            .to_string()
            .contains("bootcamp")
    );
    let dev = support::request(
        "POST",
        &server.url("/v1/traces"),
        &[
            ("content-type", "application/json"),
            ("x-honeycomb-team", "fsdev_ingest_key_000000"),
        ],
        Some(b"{\"resourceSpans\":[]}"),
    );
    assert_eq!(dev.status, 401, "{}", dev.text());

    // The team's own key, from the compose file.
    let team = variables(&compose["services"]["backend-flask"]);
    let app = flask(&python, &team, &compose["image"], &server, TEAM_KEY);
    assert_eq!(support::get(&app.url("/api/activities/home")).status, 200);
    wait_for("the app's first spans", || {
        rows(&server, "backend-flask") == 2
    });
    // The other three, by the team's own pair and token; X-Ray asks for none.
    assert_eq!(support::get(&app.url("/rollbar/test")).status, 200);
    wait_for("the item", || rows(&server, "rollbar-cruddur") == 1);
    wait_for("the segment", || rows(&server, "xray") > 0);
    app.interrupt();
    // "Test log", and one line for each request.
    wait_for("the lines", || rows(&server, "logs-cruddur") == 3);
    // /rollbar/test, and the call of pyrollbar.
    wait_for("the app's last spans", || {
        rows(&server, "backend-flask") == 4
    });

    // A key made by the command line while the server runs works at once …
    let (ok, made) = cli(
        data.path(),
        &["keys", "create", "--environment", "bootcamp", "--json"],
    );
    assert!(ok, "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let (secret, id) = (
        made["secret"].as_str().unwrap(),
        made["key"]["id"].as_str().unwrap(),
    );
    let app = flask(&python, &team, &compose["image"], &server, secret);
    assert_eq!(support::get(&app.url("/api/activities/home")).status, 200);
    wait_for("the app's spans by the new key", || {
        rows(&server, "backend-flask") == 6
    });

    // … and is refused once revoked, as Arrivals says.
    let (ok, said) = cli(data.path(), &["keys", "revoke", id]);
    assert!(ok, "{said}");
    assert_eq!(support::get(&app.url("/api/activities/home")).status, 200);
    wait_for("the refusal in Arrivals", || {
        let refused = owner(&server, "/foursight/v1/arrivals?outcome=refused");
        refused["rows"].as_array().unwrap().iter().any(|r| {
            r["reason"]["code"] == "revoked_key"
                && r["user_agent"]
                    .as_str()
                    .is_some_and(|a| a.starts_with("OTel-OTLP-Exporter-Python"))
                && secret.starts_with(r["key_prefix"].as_str().unwrap().trim_end_matches('…'))
        })
    });
    assert_eq!(rows(&server, "backend-flask"), 6);
    let refused = owner(&server, "/foursight/v1/arrivals?outcome=refused");
    assert!(
        refused["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["reason"]["code"] == "dev_key"),
        "{refused}"
    );
}
