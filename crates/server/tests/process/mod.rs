//! Client processes: they say their port or their findings on stdout, and end with the test.
#![allow(dead_code, reason = "each test binary uses its part")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The Python that holds the real SDKs; `None` after saying why the test does not run.
pub(crate) fn client_env(test: &str) -> Option<PathBuf> {
    match support::python_env(&support::repository().join("tests/clients/requirements.txt")) {
        Ok(python) => Some(python),
        Err(e) => {
            support::not_run(test, &e);
            None
        }
    }
}

/// Runs a program of `tests/clients` and reads the JSON it prints.
pub(crate) fn run_client(python: &Path, program: &str, args: &[&str]) -> Value {
    let out = Command::new(python)
        .arg(support::repository().join("tests/clients").join(program))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| {
        panic!(
            "{program} printed no JSON ({e}): {}",
            String::from_utf8_lossy(&out.stdout)
        )
    })
}

/// A process read line by line; killed when dropped.
pub(crate) struct Lines {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Lines {
    /// Starts `command` with its stdout and stderr read.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = std::sync::mpsc::channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let also = send.clone();
        std::thread::spawn(move || {
            BufReader::new(out)
                .lines()
                .map_while(Result::ok)
                .for_each(|l| drop(send.send(l)))
        });
        std::thread::spawn(move || {
            BufReader::new(err)
                .lines()
                .map_while(Result::ok)
                .for_each(|l| drop(also.send(l)))
        });
        Self { child, lines }
    }

    /// The next line it prints.
    pub(crate) fn line(&self) -> String {
        self.lines
            .recv_timeout(std::time::Duration::from_secs(30))
            .expect("a line within 30 s")
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The team's Flask app on a port of its own.
pub(crate) struct Flask {
    process: Lines,
    address: String,
}

impl Flask {
    /// Starts it as its Dockerfile does, but on loopback and a free port.
    pub(crate) fn start(python: &Path, variables: &[(&str, &str)]) -> Self {
        let process = Lines::start(
            Command::new(python)
                .args(["-m", "flask", "run", "--host=127.0.0.1", "--port=0"])
                .current_dir(support::repository().join("examples/cruddur-flask"))
                .env("FLASK_APP", "app.py")
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .envs(variables.iter().copied()),
        );
        loop {
            let line = process.line();
            if let Some(address) = line.split("Running on ").nth(1) {
                return Self {
                    address: address.trim().to_owned(),
                    process,
                };
            }
        }
    }

    /// An address of the app.
    pub(crate) fn url(&self, path: &str) -> String {
        let _ = &self.process;
        format!("{}{path}", self.address)
    }
}
