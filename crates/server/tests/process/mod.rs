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

/// The command without variables of this process that an SDK would read.
pub(crate) fn clean(mut command: Command) -> Command {
    let families = ["OTEL_", "AWS_", "ROLLBAR_", "HONEYCOMB_", "FOURSIGHT_"];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if families.iter().any(|f| name.starts_with(f)) {
            command.env_remove(name);
        }
    }
    command
}

/// A command that Ctrl-C ends, also where this process was started with it switched off, as shells do
/// for what runs in the background.
fn interruptible(program: &Path) -> Command {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(program);
        return command;
    }
    Command::new(program)
}

/// A process read line by line; killed when dropped.
pub(crate) struct Lines {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Lines {
    /// Starts `command` with its stdout and stderr read.
    pub(crate) fn start(mut command: impl std::borrow::BorrowMut<Command>) -> Self {
        let mut child = command
            .borrow_mut()
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

    /// What it prints until `done` says so or the time is over.
    pub(crate) fn lines_until(
        &self,
        time: std::time::Duration,
        done: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let deadline = std::time::Instant::now() + time;
        let mut lines = Vec::new();
        while !done(&lines) {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => lines.push(line),
                Err(_) => break,
            }
        }
        lines
    }

    /// Ctrl-C, and waits until it has ended.
    pub(crate) fn interrupt(mut self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                std::time::Instant::now() < deadline,
                "it goes on after Ctrl-C"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
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
            clean(interruptible(python))
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

    /// Ctrl-C, and waits until it has ended: every SDK has sent what it held.
    pub(crate) fn interrupt(self) {
        self.process.interrupt();
    }

    /// An address of the app.
    pub(crate) fn url(&self, path: &str) -> String {
        let _ = &self.process;
        format!("{}{path}", self.address)
    }
}
