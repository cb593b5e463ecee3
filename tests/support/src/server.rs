//! A server process on ports of its own, gone with the test.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running `foursight serve`. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// What `--ready-file` said.
    pub ready: Value,
    /// The data directory.
    pub data_dir: PathBuf,
    log: PathBuf,
    run_dir: tempfile::TempDir,
}

impl Server {
    /// Starts `binary serve` over `data_dir` on free ports with further `args`, and waits until
    /// every listener accepts.
    ///
    /// # Panics
    /// When it ends or is not ready within 60 s; the message holds its log.
    #[must_use]
    pub fn start(binary: &str, data_dir: &Path, args: &[&str]) -> Self {
        Self::spawn(binary, data_dir, args, &[])
    }

    /// As [`Self::start`], with variables added to the environment.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn spawn(binary: &str, data_dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = data_dir.to_string_lossy();
        let mut all = vec!["serve", "--data-dir", &folder];
        for listener in ["--http", "--otlp-grpc", "--otlp-http", "--xray"] {
            all.extend([listener, "127.0.0.1:0"]);
        }
        all.extend_from_slice(args);
        Self::launch(binary, data_dir, &all, variables)
    }

    /// Starts `binary` with just `args` (and a ready file), and waits until every listener
    /// accepts. `data_dir` is where the arguments or variables put the data.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn launch(
        binary: &str,
        data_dir: &Path,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let run_dir = match tempfile::tempdir() {
            Ok(dir) => dir,
            Err(e) => panic!("temporary folder: {e}"),
        };
        let (ready_file, log) = (
            run_dir.path().join("ready.json"),
            run_dir.path().join("log"),
        );
        let stderr = match std::fs::File::create(&log) {
            Ok(file) => file,
            Err(e) => panic!("{}: {e}", log.display()),
        };
        let child = Command::new(binary)
            .args(args)
            .arg("--ready-file")
            .arg(&ready_file)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(e) => panic!("{binary}: {e}"),
        };
        let mut server = Self {
            child,
            ready: Value::Null,
            data_dir: data_dir.to_path_buf(),
            log,
            run_dir,
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(ready) = std::fs::read(&ready_file)
                .ok()
                .and_then(|b| serde_json::from_slice(&b).ok())
            {
                server.ready = ready;
                return server;
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                panic!("the server ended ({status}):\n{}", server.log());
            }
            assert!(
                Instant::now() < deadline,
                "not ready within 60 s:\n{}",
                server.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `http://host:port` plus `path`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.url_of("http", path)
    }

    /// As [`Self::url`] for the listener `name` of the ready file (`otlp_http`, `otlp_grpc`).
    #[must_use]
    pub fn url_of(&self, name: &str, path: &str) -> String {
        format!(
            "http://{}{path}",
            self.ready[name].as_str().unwrap_or_default()
        )
    }

    /// Asks `query` over `dataset` of the environment of `--dev`, or over all of it.
    ///
    /// # Panics
    /// When the question is refused.
    #[must_use]
    pub fn query(&self, dataset: Option<&str>, query: &Value) -> Value {
        let mut ask = serde_json::json!({"env": "dev", "query": query});
        if let Some(dataset) = dataset {
            ask["dataset"] = dataset.into();
        }
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-foursight-csrf", "1"),
        ];
        let url = self.url("/foursight/v1/query");
        let reply = crate::request("POST", &url, &headers, Some(ask.to_string().as_bytes()));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stderr.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A folder that lives as long as the server.
    #[must_use]
    pub fn run_dir(&self) -> &Path {
        self.run_dir.path()
    }

    /// kill -9, and waits until it is gone.
    pub fn kill(mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// When it has not ended after 40 s.
    #[must_use]
    pub fn stop(mut self) -> ExitStatus {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "did not stop within 40 s:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Peak resident memory so far, bytes (Linux).
    #[must_use]
    pub fn peak_rss_bytes(&self) -> u64 {
        self.memory_bytes("VmHWM:")
    }

    /// Resident memory, bytes (Linux).
    #[must_use]
    pub fn rss_bytes(&self) -> u64 {
        self.memory_bytes("VmRSS:")
    }

    fn memory_bytes(&self, what: &str) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let kib = status
            .lines()
            .find_map(|l| l.strip_prefix(what))
            .and_then(|l| l.split_whitespace().next());
        kib.and_then(|k| k.parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
