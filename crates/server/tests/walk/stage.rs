//! One run of the walkthrough: a server, the team's app with the SDKs that are on, and what was done.

use super::Sdk;
use super::aws::BY_HAND;
pub(crate) use super::keys::cli;
use super::keys::{Keys, dev_keys, made_keys};
use crate::process::{Flask, Lines, run_client};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
/// The Host header that the team's pattern of dynamic naming (`AWS_XRAY_URL`) is about.
pub(crate) const WORKSPACE: &str = "4567-cruddur.workspace.example";
/// How often the failing view is asked for.
pub(crate) const FAILURES: usize = 50;
/// How often the app with the old token reports.
pub(crate) const OLD_TOKEN_REPORTS: usize = 14;
/// A token of a project that is nowhere any more.
pub(crate) const OLD_TOKEN: &str = "abcd0000000000000000000000000001";
/// A project beside the team's that nothing was ever reported to.
pub(crate) const WAITING_PROJECT: &str = "still-waiting";
/// Requests in the burst that sampling is judged by.
pub(crate) const BURST: usize = 60;

/// A request made of the app, in order.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) status: u16,
}

/// The run.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) on: Vec<Sdk>,
    pub(crate) server: Server,
    pub(crate) keys: Keys,
    pub(crate) python: PathBuf,
    /// In order.
    pub(crate) asked: Vec<Asked>,
    /// The variables of the app.
    pub(crate) variables: Vec<(String, String)>,
    /// What the command line's `create-…` calls printed.
    pub(crate) made: Vec<(&'static str, Result<Value, String>)>,
    /// Log groups that were there before the app was started.
    pub(crate) groups_before: Vec<String>,
    /// When the app was started, milliseconds since 1970.
    pub(crate) app_started_ms: i64,
    /// Lines that the live tail printed.
    pub(crate) tail: Vec<String>,
    /// How many of them it printed before the app was ended.
    pub(crate) tail_while_running: usize,
    /// Lines put by hand and deleted again.
    pub(crate) lines_deleted: u64,
    /// Id of the segment that was never ended.
    pub(crate) lost_segment: String,
    /// First and last second of the burst.
    pub(crate) burst_seconds: (u64, u64),
    /// A key of another environment, with which one span was sent.
    pub(crate) other: Option<Other>,
    /// Stands for AWS, which segments are sent on to.
    pub(crate) upstream: Server,
    _data: [tempfile::TempDir; 2],
}

/// The environment used by mistake.
pub(crate) struct Other {
    pub(crate) environment: String,
    pub(crate) key: String,
}

impl Stage {
    /// Plays the whole walkthrough with these SDKs on.
    pub(crate) fn play(name: &'static str, python: &Path, is_dev: bool, on: &[Sdk]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (upstream_data, owned) = (tempfile::tempdir().unwrap(), dev_keys());
        let upstream = Server::start(BINARY, upstream_data.path(), &["--dev"]);
        let to = upstream.url("");
        let mut args = vec!["--xray-forward", to.as_str()];
        if is_dev {
            args.push("--dev");
        }
        let pair = [
            ("AWS_ACCESS_KEY_ID", owned.aws_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", owned.aws_secret.as_str()),
        ];
        let server = Server::spawn(BINARY, data.path(), &args, &pair);
        let keys = match is_dev {
            true => dev_keys(),
            false => made_keys(data.path()),
        };
        let mut stage = Self {
            name,
            on: on.to_vec(),
            server,
            keys,
            python: python.to_path_buf(),
            asked: Vec::new(),
            variables: Vec::new(),
            made: Vec::new(),
            groups_before: Vec::new(),
            app_started_ms: 0,
            tail: Vec::new(),
            tail_while_running: 0,
            lines_deleted: 0,
            lost_segment: String::new(),
            burst_seconds: (0, 0),
            other: None,
            upstream,
            _data: [data, upstream_data],
        };
        stage.variables = stage.team_variables();
        stage.set_up_xray();
        stage.use_app();
        stage.use_other_key();
        stage.use_old_token();
        stage
    }

    pub(crate) fn has(&self, sdk: Sdk) -> bool {
        self.on.contains(&sdk)
    }

    /// The team's variables, for the SDKs that are on.
    fn team_variables(&self) -> Vec<(String, String)> {
        let (server, keys) = (&self.server, &self.keys);
        let mut out: Vec<(&str, String)> = Vec::new();
        if self.has(Sdk::OpenTelemetry) {
            out.extend([
                ("OTEL_SERVICE_NAME", "backend-flask".into()),
                (
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    server.url_of("otlp_http", ""),
                ),
                (
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    format!("x-honeycomb-team={}", keys.ingest),
                ),
            ]);
        }
        if self.has(Sdk::Xray) {
            out.extend([
                ("AWS_XRAY_URL", "*4567-cruddur.workspace.example*".into()),
                ("AWS_XRAY_DAEMON_ADDRESS", address(server, "xray")),
            ]);
        }
        if self.has(Sdk::Watchtower) {
            out.extend(self.aws_variables());
        }
        if self.has(Sdk::Rollbar) {
            out.extend([
                ("ROLLBAR_ACCESS_TOKEN", keys.rollbar.clone()),
                ("ROLLBAR_ENDPOINT", server.url("/api/1/")),
            ]);
        }
        out.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
    }

    /// What the team does by the `aws` command line before the app starts.
    fn set_up_xray(&mut self) {
        let rule = json!({"SamplingRule": {
            "RuleName": "Cruddur", "ResourceARN": "*", "Priority": 9000, "FixedRate": 0.1,
            "ReservoirSize": 5, "ServiceName": "backend-flask", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "*", "URLPath": "*", "Version": 1}});
        let file = self.server.run_dir().join("xray.json");
        std::fs::write(&file, rule.to_string()).unwrap();
        let file = format!("file://{}", file.display());
        let by_url = format!("service(\"https://{WORKSPACE}\")");
        let calls: [(&str, Vec<&str>); 3] = [
            (
                "group",
                vec![
                    "xray",
                    "create-group",
                    "--group-name",
                    "Cruddur",
                    "--filter-expression",
                    "service(\"backend-flask\")",
                ],
            ),
            (
                "group by address",
                vec![
                    "xray",
                    "create-group",
                    "--group-name",
                    "ByAddress",
                    "--filter-expression",
                    &by_url,
                ],
            ),
            (
                "rule",
                vec!["xray", "create-sampling-rule", "--cli-input-json", &file],
            ),
        ];
        for (name, args) in calls {
            let said = self.aws(&args).map_err(|e| format!("{e:#}"));
            self.made.push((name, said));
        }
    }

    /// Starts the app, visits it as the team does, and ends it.
    fn use_app(&mut self) {
        let borrowed: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        self.groups_before = self.log_groups();
        self.app_started_ms = jiff::Timestamp::now().as_millisecond();
        let app = Flask::start(&self.python, &borrowed);
        let tail = Lines::start(self.live_tail());
        if self.has(Sdk::Watchtower) {
            (self.tail, self.lines_deleted) = self.follow(&tail);
            let by_hand = self.tail.iter().filter(|l| l.contains(BY_HAND));
            self.tail_while_running = by_hand.count();
        }
        let began = Instant::now();
        // The SDK samples at least one request of each second: what is looked at later comes alone.
        let second = || std::thread::sleep(Duration::from_millis(1_100));
        self.ask(&app, "GET", "/api/activities/home", None);
        second();
        self.ask(&app, "GET", "/api/activities/@bayko", None);
        second();
        self.ask(&app, "GET", "/api/activities/@lore", None);
        second();
        let reply = support::request(
            "GET",
            &app.url("/api/message_groups"),
            &[("host", WORKSPACE)],
            None,
        );
        self.note("GET", "/api/message_groups", reply.status);
        for path in [
            "/api/activities/notifications",
            "/api/activities/search?term=cloud",
            "/api/activities/68f126b0-1ceb-4a33-88be-d90fa7109eee",
            "/api/messages/@worf",
            "/rollbar/test",
        ] {
            self.ask(&app, "GET", path, None);
        }
        let activity = json!({"message": "hello", "ttl": "7-days"});
        let message = json!({"message": "hello", "user_receiver_handle": "worf"});
        self.ask(&app, "POST", "/api/activities", Some(&activity));
        let reply = "/api/activities/68f126b0-1ceb-4a33-88be-d90fa7109eee/reply";
        self.ask(&app, "POST", reply, Some(&activity));
        self.ask(&app, "POST", "/api/messages", Some(&message));
        for _ in 1..FAILURES {
            self.ask(&app, "GET", "/api/activities/@lore", None);
        }
        if self.has(Sdk::Xray) {
            let daemon = address(&self.server, "xray");
            let said = run_client(&self.python, "unended_segment.py", &[&daemon]);
            self.lost_segment = text(&said["lost_id"]);
            // The SDK learns its share of the reservoir ten seconds after its first request.
            std::thread::sleep(Duration::from_millis(12_000).saturating_sub(began.elapsed()));
            let second = || {
                let now = std::time::SystemTime::now();
                now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
            };
            let first = second();
            for _ in 0..BURST {
                self.ask(&app, "GET", "/api/messages/@burst", None);
            }
            self.burst_seconds = (first, second());
        }
        // pyrollbar posts by threads of its own, which the end of the process may cut off.
        if self.has(Sdk::Rollbar) {
            self.wait_for_reports(FAILURES + 1, "stored");
        }
        // Ctrl-C, as at a terminal: every SDK sends what it holds.
        app.interrupt();
        if self.has(Sdk::Watchtower) {
            let rest = tail.lines_until(Duration::from_secs(15), |lines| {
                lines.iter().filter(|l| l.contains(" 127.0.0.1 ")).count() >= self.asked.len()
            });
            self.tail.extend(rest);
        }
        drop(tail);
        // Datagrams are answered by nobody: a moment, and they are in.
        std::thread::sleep(Duration::from_millis(500));
    }

    fn ask(&mut self, app: &Flask, method: &'static str, path: &str, body: Option<&Value>) {
        let body = body.map(Value::to_string);
        let reply = support::request(
            method,
            &app.url(path),
            &[("content-type", "application/json")],
            body.as_deref().map(str::as_bytes),
        );
        self.note(method, path, reply.status);
    }

    fn note(&mut self, method: &'static str, path: &str, status: u16) {
        self.asked.push(Asked {
            method,
            path: path.to_owned(),
            status,
        });
    }

    /// One span with a key of another environment.
    fn use_other_key(&mut self) {
        if !self.has(Sdk::OpenTelemetry) {
            return;
        }
        let dir = self.server.data_dir.clone();
        cli(&dir, &["environments", "create", "staging"]).unwrap();
        let made = cli(&dir, &["keys", "create", "--environment", "staging"]).unwrap();
        let key = text(&made["secret"]);
        let endpoint = self.server.url_of("otlp_http", "/v1/traces");
        let args = [endpoint.as_str(), &key, "backend-flask", "flush"];
        run_client(&self.python, "one_span.py", &args);
        self.other = Some(Other {
            environment: "staging".into(),
            key,
        });
    }

    /// The app once more, with a token nobody knows.
    fn use_old_token(&self) {
        if !self.has(Sdk::Rollbar) {
            return;
        }
        let (dir, env) = (&self.server.data_dir, &self.keys.environment);
        let project = ["--kind", "project", "--project", WAITING_PROJECT];
        cli(
            dir,
            &[&["keys", "create", "-e", env][..], &project].concat(),
        )
        .unwrap();
        let endpoint = self.server.url("/api/1/");
        let variables = [
            ("ROLLBAR_ACCESS_TOKEN", OLD_TOKEN),
            ("ROLLBAR_ENDPOINT", &endpoint),
        ];
        let app = Flask::start(&self.python, &variables);
        for _ in 0..OLD_TOKEN_REPORTS {
            assert_eq!(support::get(&app.url("/rollbar/test")).status, 200);
        }
        self.wait_for_reports(OLD_TOKEN_REPORTS, "refused");
        app.interrupt();
    }

    /// Waits a while until so many items of Rollbar are `counter`; what is missing then is the checks'
    /// business.
    fn wait_for_reports(&self, wanted: usize, counter: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            let rows = self.arrivals(|r| r["protocol"] == "rollbar").unwrap();
            let counted = rows.iter().filter_map(|r| r["counters"][counter].as_u64());
            if counted.sum::<u64>() >= wanted as u64 {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // The client reads its answer, and ends the span around it.
        std::thread::sleep(Duration::from_millis(300));
    }

    /// What the command line printed when `what` was made.
    pub(crate) fn made(&self, what: &str) -> anyhow::Result<&Value> {
        let found = self.made.iter().find(|(n, _)| *n == what);
        let (_, said) = found.context("nothing of that name was made")?;
        said.as_ref().map_err(|e| anyhow::anyhow!("{e}"))
    }

    /// Our own API, as the owner.
    pub(crate) fn api(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let bearer = self.keys.owner.as_ref().map(|o| format!("Bearer {o}"));
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-foursight-csrf", "1"),
        ];
        if let Some(bearer) = &bearer {
            headers.push(("authorization", bearer));
        }
        let body = body.map(Value::to_string);
        let url = self.server.url(&format!("/foursight/v1{path}"));
        let reply = support::request(method, &url, &headers, body.as_deref().map(str::as_bytes));
        ensure!(
            (200..300).contains(&reply.status),
            "{method} {path}: {} {}",
            reply.status,
            reply.text()
        );
        Ok(reply.json())
    }

    /// Asks a question over a dataset.
    pub(crate) fn query(&self, dataset: &str, query: &Value) -> anyhow::Result<Value> {
        let ask = json!({"env": self.keys.environment, "dataset": dataset, "query": query});
        self.api("POST", "/query", Some(&ask))
    }

    /// Rows of a dataset that pass all filters, newest first.
    pub(crate) fn rows(&self, dataset: &str, filters: &Value) -> anyhow::Result<Vec<Value>> {
        let ask = json!({"env": self.keys.environment, "dataset": dataset, "limit": 1000,
            "query": {"filters": filters}});
        let found = self.api("POST", "/rows", Some(&ask))?;
        found["rows"]
            .as_array()
            .cloned()
            .context("no rows in the answer")
    }

    /// The one row that passes all filters.
    pub(crate) fn row(&self, dataset: &str, filters: &Value) -> anyhow::Result<Value> {
        let mut rows = self.rows(dataset, filters)?;
        ensure!(
            rows.len() == 1,
            "{} rows in {dataset} pass {filters}",
            rows.len()
        );
        Ok(rows.remove(0))
    }

    /// Rows of Arrivals that pass `wanted`.
    pub(crate) fn arrivals(&self, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Vec<Value>> {
        let listed = self.api("GET", "/arrivals?limit=1000", None)?;
        let rows = listed["rows"].as_array().cloned().unwrap_or_default();
        Ok(rows.into_iter().filter(|r| wanted(r)).collect())
    }

    /// `foursight` on the command line.
    pub(crate) fn foursight(
        &self,
        args: &[&str],
        variables: &[(String, String)],
    ) -> (bool, String) {
        let mut command = crate::process::clean(Command::new(BINARY));
        command
            .args(args)
            .envs(variables.iter().map(|(k, v)| (k.as_str(), v.as_str())))
            .env("FOURSIGHT_DATA_DIR", &self.server.data_dir);
        let out = command.output().unwrap();
        (
            out.status.success(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
        )
    }
}

/// `host:port` of a listener.
pub(crate) fn address(server: &Server, name: &str) -> String {
    server.ready[name].as_str().unwrap_or_default().to_owned()
}

/// A JSON text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
