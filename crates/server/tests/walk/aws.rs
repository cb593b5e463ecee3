//! The real `aws` command line, with the team's variables.

use super::stage::{Stage, text};
use crate::process::{Lines, clean};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is put into the team's group by hand while its app runs, to be followed.
pub(super) const BY_HAND: &str = "put by hand";

impl Stage {
    pub(super) fn aws_variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_DEFAULT_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", self.keys.aws_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.keys.aws_secret.clone()),
            ("AWS_ENDPOINT_URL", self.server.url("")),
        ]
    }

    fn aws_command(&self, args: &[&str]) -> Command {
        let mut command = clean(Command::new(self.python.with_file_name("aws")));
        command
            .args(args)
            .envs(self.aws_variables())
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_PAGER", "");
        command
    }

    /// Runs the real `aws` and reads the JSON it prints; null where it prints nothing.
    pub(crate) fn aws(&self, args: &[&str]) -> anyhow::Result<Value> {
        let out = self
            .aws_command(args)
            .args(["--output", "json"])
            .output()
            .context("aws")?;
        let stderr = String::from_utf8_lossy(&out.stderr);
        ensure!(
            out.status.success(),
            "aws {}: {}",
            args.join(" "),
            stderr.trim()
        );
        match out.stdout.trim_ascii().is_empty() {
            true => Ok(Value::Null),
            false => serde_json::from_slice(&out.stdout).context("aws printed no JSON"),
        }
    }

    /// The command line's live tail. Its version 1 has `start-live-tail` where version 2 also has
    /// `tail --follow`.
    pub(super) fn live_tail(&self) -> Command {
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:cruddur";
        let tail = ["logs", "start-live-tail", "--log-group-identifiers", arn];
        let mut command = self.aws_command(&tail);
        // The prefix of its host does not resolve before an address of numbers.
        command
            .env("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
            .env("PYTHONUNBUFFERED", "1");
        command
    }

    pub(super) fn log_groups(&self) -> Vec<String> {
        let told = self.aws(&["logs", "describe-log-groups"]).unwrap();
        let groups = told["logGroups"].as_array().unwrap().iter();
        groups.map(|g| text(&g["logGroupName"])).collect()
    }

    /// Puts lines into a stream beside the app's until the tail has printed one: watchtower keeps its own
    /// for a minute, or until its process ends. What is missing then is the checks' business. Returns what the
    /// tail printed, and how many lines were put and deleted again.
    pub(super) fn follow(&self, tail: &Lines) -> (Vec<String>, u64) {
        let place = [
            "--log-group-name",
            "cruddur",
            "--log-stream-name",
            "by-hand",
        ];
        let call = |operation: &str, more: &[&str]| {
            let args = [&["logs", operation], &place[..], more].concat();
            self.aws(&args).unwrap()
        };
        call("create-log-stream", &[]);
        let is_there = |lines: &[String]| lines.iter().any(|l| l.contains(BY_HAND));
        let deadline = Instant::now() + Duration::from_secs(30);
        let (mut seen, mut put) = (Vec::new(), 0);
        while !is_there(&seen) && Instant::now() < deadline {
            let now = jiff::Timestamp::now().as_millisecond();
            let event = json!([{"timestamp": now, "message": BY_HAND}]).to_string();
            call("put-log-events", &["--log-events", &event]);
            put += 1;
            seen.extend(tail.lines_until(Duration::from_secs(2), is_there));
        }
        // Its lines go with it: what is asked afterwards is of the app alone.
        call("delete-log-stream", &[]);
        (seen, put)
    }
}
