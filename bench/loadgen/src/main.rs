//! Load generator for side-by-side runs of telemetry servers; see README.md.

mod http;
mod model;
mod proc;
mod rng;
mod send;

use model::{Config, Signal};
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Args {
    map: HashMap<String, Vec<String>>,
}

const FLAGS: &[&str] = &[
    "gzip",
    "batch-attr",
    "separate-files",
    "stop-on-error",
    "post",
];

impl Args {
    fn parse(it: impl Iterator<Item = String>) -> Result<Args, String> {
        let mut map: HashMap<String, Vec<String>> = HashMap::new();
        let mut it = it.peekable();
        while let Some(a) = it.next() {
            let k = a
                .strip_prefix("--")
                .ok_or_else(|| format!("unexpected argument: {a}"))?;
            let (k, v) = match k.split_once('=') {
                Some((k, v)) => (k.to_string(), v.to_string()),
                None if FLAGS.contains(&k) => (k.to_string(), "on".to_string()),
                None => (
                    k.to_string(),
                    it.next().ok_or_else(|| format!("--{k} needs a value"))?,
                ),
            };
            map.entry(k).or_default().push(v);
        }
        Ok(Args { map })
    }
    pub fn get(&self, k: &str) -> Option<&str> {
        self.map.get(k).and_then(|v| v.last()).map(|v| v.as_str())
    }
    pub fn all(&self, k: &str) -> &[String] {
        self.map.get(k).map(|v| &v[..]).unwrap_or(&[])
    }
    pub fn num<T: std::str::FromStr>(&self, k: &str, d: T) -> Result<T, String> {
        match self.get(k) {
            None => Ok(d),
            Some(v) => v
                .replace('_', "")
                .parse()
                .map_err(|_| format!("--{k}: not a number: {v}")),
        }
    }
    pub fn has(&self, k: &str) -> bool {
        self.get(k).is_some_and(|v| v != "off")
    }
}

pub fn config(a: &Args) -> Result<Config, String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let end: u64 = a.num("end-unix-s", now)?;
    let window: u64 = a.num("window-s", 3600)?;
    Ok(Config {
        signal: match a.get("signal").unwrap_or("traces") {
            "traces" => Signal::Traces,
            "logs" => Signal::Logs,
            "events" => Signal::Events,
            "jsonl" => Signal::JsonLines,
            x => return Err(format!("--signal: {x}")),
        },
        seed: a.num("seed", 42)?,
        services: a.num("services", 20)?,
        routes: a.num("routes", 12)?,
        users: a.num("users", 200_000)?,
        batch: a.num("batch", 512)?,
        total: a.num("spans", 1_000_000)?,
        start_ns: (end - window) * 1_000_000_000,
        end_ns: end * 1_000_000_000,
        shards: a.num("shards", 4)?,
        batch_attr: a.has("batch-attr"),
    })
}

const HELP: &str = "loadgen send|write|verify|query [--option value ...]   (see README.md)";

fn main() {
    let mut it = std::env::args().skip(1);
    let cmd = it.next().unwrap_or_default();
    let r = Args::parse(it).and_then(|a| match cmd.as_str() {
        "send" => send::send(&a),
        "write" => send::write(&a),
        "verify" => send::verify(&a),
        "query" => send::query(&a),
        _ => Err(HELP.to_string()),
    });
    match r {
        Ok(code) => std::process::exit(code),
        Err(e) => {
            eprintln!("loadgen: {e}");
            std::process::exit(2);
        }
    }
}
