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
        .arg(app.join("docker-compose.yml"))
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

/// The words of a list of a compose file or a Dockerfile.
fn words(list: &Value) -> Vec<String> {
    let words = list.as_array().into_iter().flatten();
    words.map(|w| w.as_str().unwrap().to_owned()).collect()
}

/// What the container of `service` runs, below `root`: the image's entry point, then the service's command
/// or, without one, the image's. Addresses of the container become free ones of loopback.
fn container(root: &Path, image: &Value, service: &Value) -> (String, Vec<String>) {
    // The image's files: the one that cargo built, under the name it is copied to.
    for copied in image["copied"].as_array().unwrap() {
        let [from, built, to] = &words(copied)[..] else {
            panic!("{copied}");
        };
        assert_eq!(from, "--from=build");
        assert_eq!(
            Path::new(built).file_name(),
            Path::new(BINARY).file_name(),
            "cargo builds that"
        );
        let to = root.join(to.trim_start_matches('/'));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(BINARY, to).unwrap();
    }
    // What is written lies in the volume, which the compose file keeps.
    let dir = service["environment"]["FOURSIGHT_DATA_DIR"]
        .as_str()
        .unwrap();
    assert_eq!(words(&image["volumes"]), [dir]);
    assert_eq!(words(&service["volumes"]), [format!("foursight:{dir}")]);
    let mut all = words(&image["entrypoint"]);
    let command = words(&service["command"]);
    all.extend(match command.is_empty() {
        true => words(&image["command"]),
        false => command,
    });
    for word in &mut all {
        if word.starts_with("0.0.0.0:") {
            "127.0.0.1:0".clone_into(word);
        }
    }
    let program = root.join(all.remove(0).trim_start_matches('/'));
    (program.to_str().unwrap().to_owned(), all)
}

/// *Guarantees*: the image without a command of its own serves.
#[test]
fn the_image_serves_by_its_own_command() {
    let Some(python) = client_env("the_image_serves_by_its_own_command") else {
        return;
    };
    let compose = compose(&python);
    let (root, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut service = compose["services"]["foursight"].clone();
    service.as_object_mut().unwrap().remove("command");
    let (program, args) = container(root.path(), &compose["images"]["foursight"], &service);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let listeners = [
        "FOURSIGHT_HTTP",
        "FOURSIGHT_OTLP_HTTP",
        "FOURSIGHT_OTLP_GRPC",
        "FOURSIGHT_XRAY",
    ];
    let mut variables = vec![("FOURSIGHT_DATA_DIR", data.path().to_str().unwrap())];
    variables.extend(listeners.map(|name| (name, "127.0.0.1:0")));
    let server = Server::launch(&program, data.path(), &args, &variables);
    assert_eq!(support::get(&server.url("/health/ready")).status, 200);
}

#[test]
fn the_compose_file_works_as_plain_processes() {
    let Some(python) = client_env("the_compose_file_works_as_plain_processes") else {
        return;
    };
    let compose = compose(&python);
    let (image, image_of_app) = (
        &compose["images"]["foursight"],
        &compose["images"]["backend-flask"],
    );
    assert_eq!(
        image_of_app["command"],
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
    let root = tempfile::tempdir().unwrap();
    let (program, args) = container(root.path(), image, service);
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
    let server = Server::launch(&program, data.path(), &args, &borrowed);

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
    let app = flask(&python, &team, image_of_app, &server, TEAM_KEY);
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
    let app = flask(&python, &team, image_of_app, &server, secret);
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
