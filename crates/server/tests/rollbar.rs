//! Rollbar's own SDKs, unmodified, against the binary (walkthrough §4).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const TOKEN: &str = "f045000000000000000000000000dev0";

fn client(name: &str) -> PathBuf {
    support::repository()
        .join("tests/clients/rollbar")
        .join(name)
}

/// The Python that holds pyrollbar and Flask; `None` after saying why the test does not run.
fn python(test: &str) -> Option<PathBuf> {
    match support::python_env(&client("requirements.txt")) {
        Ok(python) => Some(python),
        Err(e) => {
            support::not_run(test, &e);
            None
        }
    }
}

/// A folder with `node_modules/rollbar`; `None` after saying why the test does not run.
fn node_modules(test: &str) -> Option<PathBuf> {
    let home = support::scratch().join("npm-rollbar-3.1.0");
    let made = home.join("node_modules");
    if home.join("done").exists() {
        return Some(made);
    }
    std::fs::create_dir_all(&home).unwrap();
    std::fs::copy(client("package.json"), home.join("package.json")).unwrap();
    let out = Command::new("npm")
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--silent",
        ])
        .current_dir(&home)
        .output();
    match out {
        Ok(out) if out.status.success() => {
            std::fs::write(home.join("done"), "").unwrap();
            Some(made)
        }
        Ok(out) => {
            support::not_run(test, &String::from_utf8_lossy(&out.stderr));
            None
        }
        Err(e) => {
            support::not_run(test, &format!("npm: {e}"));
            None
        }
    }
}

fn get(server: &Server, path: &str) -> Value {
    let reply = support::request(
        "GET",
        &server.url(path),
        &[("x-rollbar-access-token", TOKEN)],
        None,
    );
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn items(server: &Server) -> Vec<Value> {
    let found = get(server, "/api/1/items/");
    found["result"]["items"].as_array().unwrap().clone()
}

fn titled(server: &Server, title: &str) -> Value {
    let all = items(server);
    let found = all.iter().find(|i| i["title"] == title);
    found
        .unwrap_or_else(|| panic!("no {title} among {all:?}"))
        .clone()
}

/// The latest occurrence of an item, as our own API shows it.
fn latest(server: &Server, item: &Value) -> Value {
    let path = format!(
        "/foursight/v1/environments/dev/issues/{}/occurrences/latest",
        item["id"]
    );
    support::get(&server.url(&path)).json()
}

fn flask(python: &Path, server: &Server, token: &str, what: &str) {
    let out = Command::new(python)
        .arg(client("flask_app.py"))
        .args([&server.url("/api/1/"), token, what])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// *Scenario*: the team's Flask app with pyrollbar, only `endpoint` and token are ours; it reports a
/// message, fails 50 times in a view, reports 2.5 MB, and once with an old token. *Guarantees*: the rows
/// of walkthrough §4; the oversized report costs at most two requests.
#[test]
fn pyrollbar_in_flask() {
    let Some(python) = python("pyrollbar_in_flask") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    flask(&python, &server, TOKEN, "message");
    let hello = titled(&server, "Hello World!");
    assert_eq!(
        (hello["level"].as_str(), hello["environment"].as_str()),
        (Some("warning"), Some("production"))
    );

    flask(&python, &server, TOKEN, "view");
    let item = titled(&server, "KeyError: 'uuid'");
    assert_eq!(item["total_occurrences"], 50);
    assert_eq!(
        (item["level"].as_str(), item["framework"].as_str()),
        (Some("error"), Some("flask"))
    );
    assert_eq!(items(&server).len(), 2, "50 triggers, one item");
    let one = latest(&server, &item);
    let frames = one["traces"][0]["frames"].as_array().unwrap();
    let names: Vec<_> = frames
        .iter()
        .rev()
        .take(2)
        .map(|f| f["function"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lookup", "data_handle"], "most recent call last");
    let last = frames.last().unwrap();
    assert_eq!(last["code"], "return result[\"uuid\"]");
    assert_eq!(last["in_app"], true);
    assert!(
        frames.iter().any(|f| f["in_app"] == false),
        "Flask's own frames are known as such"
    );
    assert_eq!(last["args"][0]["name"], "result");
    let part = |name: &str| {
        let all = one["request"].as_array().unwrap();
        let found = all.iter().find(|p| p["name"] == name);
        found
            .map(|p| p["value"].as_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    assert_eq!(part("method"), "GET");
    assert_eq!(part("user_ip"), "203.0.113.7");
    assert!(part("url").starts_with("http://localhost/api/activities/user"));
    assert!(!one["raw"].as_str().unwrap().contains("hunter2"));
    let facts = one["facts"].as_array().unwrap();
    assert!(
        facts
            .iter()
            .any(|f| f["name"] == "context" && f["value"] == "/api/activities/<handle>")
    );

    let before = deliveries(&server);
    flask(&python, &server, TOKEN, "oversized");
    let cost = deliveries(&server) - before;
    assert!(
        (1..=2).contains(&cost),
        "an oversized report cost {cost} requests"
    );
    assert!(items(&server).iter().any(|i| {
        i["title"]
            .as_str()
            .unwrap()
            .starts_with("Failsafe from pyrollbar")
    }));

    flask(
        &python,
        &server,
        "abcd0123abcd0123abcd0123abcd0123",
        "message",
    );
    let projects = support::get(&server.url("/foursight/v1/environments/dev/projects")).json();
    let refused = projects["refused"].as_array().unwrap();
    let old = refused
        .iter()
        .find(|r| r["reason"]["code"] == "unknown_key")
        .unwrap();
    let text = old["text"].as_str().unwrap();
    for part in [
        "1 item refused in the last 5 minutes",
        "token abcd01…",
        "from 127.0.0.1",
        "pyrollbar/1.5.0",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
}

fn deliveries(server: &Server) -> u64 {
    let found = support::get(&server.url("/foursight/v1/arrivals?protocol=rollbar")).json();
    let rows = found["rows"].as_array().unwrap();
    rows.iter().map(|r| r["deliveries"].as_u64().unwrap()).sum()
}

#[test]
fn rollbar_js_from_node() {
    let Some(modules) = node_modules("rollbar_js_from_node") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let out = Command::new("node")
        .arg(client("node.cjs"))
        .args([&server.url("/api/1/item/"), TOKEN])
        .env("NODE_PATH", modules)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(said["failed"], Value::Null);
    assert_eq!(
        said["answer"]["uuid"]
            .as_str()
            .unwrap()
            .replace('-', "")
            .len(),
        32
    );
    let one = latest(&server, &titled(&server, "TypeError: from node"));
    let functions = functions(&one);
    assert_eq!(
        functions[functions.len() - 3..],
        ["outer", "middle", "inner"]
    );
}

fn functions(occurrence: &Value) -> Vec<String> {
    let frames = occurrence["traces"][0]["frames"].as_array().unwrap();
    let name = |f: &Value| f["function"].as_str().unwrap_or_default().to_owned();
    frames.iter().map(name).collect()
}

/// A process that ends with its test, also with a failing one.
struct Ends(std::process::Child);

impl Drop for Ends {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// *Scenario*: a page on another origin. *Guarantees*: the browser's preflight is answered so that it
/// posts, the SDK hears success, frames are in order, the address is filled in, telemetry is there.
#[test]
fn rollbar_js_from_chromium_across_origins() {
    let test = "rollbar_js_from_chromium_across_origins";
    let Some(modules) = node_modules(test) else {
        return;
    };
    let Some(python) = python(test) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let mut origin = Ends(
        Command::new(python)
            .arg(client("serve_page.py"))
            .arg(client("page.html"))
            .arg(modules.join("rollbar/dist/rollbar.umd.min.js"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut port = String::new();
    let out = origin.0.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut port).unwrap();
    let page = format!(
        "http://127.0.0.1:{}/?token={TOKEN}&endpoint={}",
        port.trim(),
        server.url("/api/1/item/")
    );
    let profile = tempfile::tempdir().unwrap();
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| {
            Command::new(name)
                .args(["--headless", "--no-sandbox", "--disable-gpu"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg(&page)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()
        })
        .map(Ends);
    let Some(browser) = browser else {
        return support::not_run(test, "no chromium");
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while items(&server).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
    drop((browser, origin));
    let item = titled(&server, "RangeError: from the browser");
    assert_eq!(item["platform"], "browser");
    let one = latest(&server, &item);
    let functions = functions(&one);
    assert_eq!(
        functions[functions.len() - 3..],
        ["first", "second", "third"]
    );
    let raw: Value = serde_json::from_str(one["raw"].as_str().unwrap()).unwrap();
    assert_eq!(
        raw["request"]["user_ip"], "127.0.0.1",
        "$remote_ip is resolved"
    );
    let telemetry = one["telemetry"].as_array().unwrap();
    assert!(
        telemetry.iter().any(|t| t["text"] == "about to fail"),
        "{telemetry:?}"
    );
}
