//! Flags and variables. Only commands that exist are listed.

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

/// Takes telemetry in its vendors' own protocols, and answers questions over it.
#[derive(Debug, Parser)]
#[command(name = "foursight", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the server.
    Serve(Box<ServeFlags>),
    /// Runs the server with --dev, and the demo app Cruddur with its traffic.
    Demo(Box<DemoFlags>),
    /// Makes and lists environments.
    Environments(EnvironmentsArgs),
    /// Makes, lists, revokes and looks up keys.
    Keys(KeysArgs),
    /// Asks a question.
    Query(QueryArgs),
    /// Checks every part and WAL file of a data directory that no server has open.
    Verify(VerifyArgs),
    /// Finds out why nothing arrives: judges a client's variables, sends probes and finds them again.
    Doctor(DoctorArgs),
}

/// Settings of the server. Each is also a variable and a key of the configuration file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeFlags {
    /// Where everything lies [default: the user's data folder; for root /var/lib/foursight].
    #[arg(long, env = "FOURSIGHT_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// UI, own API and every protocol over HTTP [default: 127.0.0.1:8080].
    #[arg(long, env = "FOURSIGHT_HTTP", value_name = "ADDR")]
    pub(crate) http: Option<String>,
    /// OTLP over gRPC [default: 127.0.0.1:4317].
    #[arg(long, env = "FOURSIGHT_OTLP_GRPC", value_name = "ADDR")]
    pub(crate) otlp_grpc: Option<String>,
    /// OTLP over HTTP [default: 127.0.0.1:4318].
    #[arg(long, env = "FOURSIGHT_OTLP_HTTP", value_name = "ADDR")]
    pub(crate) otlp_http: Option<String>,
    /// X-Ray's daemon: UDP and TCP under one number [default: 127.0.0.1:2000].
    #[arg(long, env = "FOURSIGHT_XRAY", value_name = "ADDR")]
    pub(crate) xray: Option<String>,
    /// Environment that takes what comes to it without a key [default: the first made].
    #[arg(long, env = "FOURSIGHT_XRAY_ENVIRONMENT", value_name = "SLUG")]
    pub(crate) xray_environment: Option<String>,
    /// Sends stored segments on, e.g. to https://xray.eu-west-1.amazonaws.com, signed with AWS's own variables.
    #[arg(long, env = "FOURSIGHT_XRAY_FORWARD", value_name = "URL")]
    pub(crate) xray_forward: Option<String>,
    /// Loopback only, no login, one environment `dev` with fixed keys.
    #[arg(long, env = "FOURSIGHT_DEV")]
    pub(crate) dev: bool,
    /// Configuration file (TOML).
    #[arg(long, env = "FOURSIGHT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Written once every listener accepts: one JSON object with their addresses.
    #[arg(long, env = "FOURSIGHT_READY_FILE", value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Names under which UI and own API answer, beside localhost and addresses.
    #[arg(
        long,
        env = "FOURSIGHT_HTTP_ALLOW_HOSTS",
        value_name = "NAME,…",
        value_delimiter = ','
    )]
    pub(crate) http_allow_hosts: Vec<String>,
    /// Networks that may read /metrics, beside this machine.
    #[arg(
        long,
        env = "FOURSIGHT_METRICS_ALLOW_CIDRS",
        value_name = "CIDR,…",
        value_delimiter = ','
    )]
    pub(crate) metrics_allow_cidrs: Vec<String>,
    /// Days events are kept; 0: for ever [default: 60].
    #[arg(long, env = "FOURSIGHT_RETENTION_DAYS", value_name = "DAYS")]
    pub(crate) retention_days: Option<u32>,
    /// Bytes of all parts on disk; above, the oldest go [default: no limit].
    #[arg(long, env = "FOURSIGHT_RETENTION_MAX_BYTES", value_name = "BYTES")]
    pub(crate) retention_max_bytes: Option<u64>,
    /// Bytes of bodies under way, all protocols together [default: 67108864].
    #[arg(long, env = "FOURSIGHT_INGEST_INFLIGHT_BYTES", value_name = "BYTES")]
    pub(crate) ingest_inflight_bytes: Option<usize>,
    /// Bytes of rows in memory before they are written into parts.
    #[arg(long, env = "FOURSIGHT_INGEST_BUFFER_BYTES", value_name = "BYTES")]
    pub(crate) ingest_buffer_bytes: Option<usize>,
    /// Threads that answer questions [default: one per core].
    #[arg(long, env = "FOURSIGHT_QUERY_THREADS", value_name = "N")]
    pub(crate) query_threads: Option<usize>,
    /// Form of the log on stderr [default: human on a terminal, json otherwise].
    #[arg(long, env = "FOURSIGHT_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Which log lines: a level, or `target=level,…` [default: info].
    #[arg(long, env = "FOURSIGHT_LOG_LEVEL", value_name = "FILTER")]
    pub(crate) log_level: Option<String>,
}

/// Forms of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Flags of the demo.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoFlags {
    #[command(flatten)]
    pub(crate) serve: ServeFlags,
    /// Address of the demo app [default: 127.0.0.1:4567].
    #[arg(long, env = "FOURSIGHT_DEMO_APP", value_name = "ADDR")]
    pub(crate) app: Option<String>,
    /// Picks which route is slow, and for whom [default: another one each time].
    #[arg(long, env = "FOURSIGHT_DEMO_SEED", value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Ends after this long, e.g. 90s, 5m, 1h [default: runs until stopped].
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) run_for: Option<std::time::Duration>,
    /// Does not open a browser.
    #[arg(long)]
    pub(crate) no_open: bool,
}

/// Which server a command speaks to.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// Address of a running server, e.g. http://127.0.0.1:8080 [default: the one that has the data
    /// directory open; else the directory itself].
    #[arg(long, env = "FOURSIGHT_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The owner token [default: the file setup-token of the data directory].
    #[arg(
        long,
        env = "FOURSIGHT_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    /// The data directory.
    #[arg(long, env = "FOURSIGHT_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `foursight environments`.
#[derive(Debug, Args)]
pub(crate) struct EnvironmentsArgs {
    #[command(subcommand)]
    pub(crate) action: EnvironmentsAction,
}

/// What to do with environments.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvironmentsAction {
    /// Makes an environment.
    Create {
        /// Its name.
        name: String,
        /// blue, green, gold, red, purple, or one of these as lightBlue … [default: the first not in use].
        #[arg(long, value_name = "COLOR")]
        color: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Lists all environments.
    List {
        #[command(flatten)]
        target: Target,
    },
}

/// `foursight keys`.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Makes a key and prints it: the only time it is shown.
    Create {
        /// Its environment [default: the only one there is].
        #[arg(long, short, value_name = "SLUG")]
        environment: Option<String>,
        /// What it is for.
        #[arg(long, value_name = "KIND", default_value = "ingest")]
        kind: Kind,
        /// A name to know it by.
        #[arg(long, value_name = "NAME", default_value = "")]
        name: String,
        /// The project of a Rollbar token, made when there is none.
        #[arg(long, value_name = "NAME", required_if_eq("kind", "project"))]
        project: Option<String>,
        /// What a Rollbar token may do [default: post_server_item].
        #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
        scopes: Vec<String>,
        /// Takes a key that you have already (read from this variable), so that no client need change.
        #[arg(long, value_name = "VARIABLE")]
        own_from: Option<String>,
        /// For a signing key of your own: the variable that holds its id.
        #[arg(long, value_name = "VARIABLE", requires = "own_from")]
        own_id_from: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Lists keys, never their secrets.
    List {
        /// Only this environment's.
        #[arg(long, short, value_name = "SLUG")]
        environment: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Revokes a key, at once and for good.
    Revoke {
        /// Its id, or the beginning of the key as listed.
        key: String,
        /// Its environment [default: all are searched].
        #[arg(long, short, value_name = "SLUG")]
        environment: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Tells to which environment a key belongs.
    Whoami {
        /// The key [default: the variable HONEYCOMB_API_KEY].
        key: Option<String>,
        #[command(flatten)]
        target: Target,
    },
}

/// Kinds of keys the command makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Sends data.
    Ingest,
    /// Sends data and asks questions by Honeycomb's API.
    Configuration,
    /// An id and a secret that sign requests, as AWS's SDKs and command line do.
    Signing,
    /// Access token of a Rollbar project.
    Project,
}

/// `foursight query`.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The question, as JSON or as text: `P95(duration_ms) group by name from -1h`.
    pub(crate) question: String,
    /// Its environment [default: the only one there is].
    #[arg(long, short, value_name = "SLUG")]
    pub(crate) environment: Option<String>,
    /// Its dataset [default: all].
    #[arg(long, short, value_name = "SLUG")]
    pub(crate) dataset: Option<String>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// `foursight verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The data directory [default: the user's data folder; for root /var/lib/foursight].
    #[arg(long, env = "FOURSIGHT_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `foursight doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Judges the variables of this file, and no others [default: those of this process].
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// The environment data is meant for.
    #[arg(long, short, value_name = "SLUG")]
    pub(crate) environment: Option<String>,
    /// Address of the server, where probes are looked up [default: where the variables send data].
    #[arg(long, env = "FOURSIGHT_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The owner token [default: the file setup-token of the data directory].
    #[arg(
        long,
        env = "FOURSIGHT_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    /// The data directory, when it is on this machine: for the owner token in it.
    #[arg(long, env = "FOURSIGHT_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Ends the process with words: help on stdout, a mistake on stderr.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) text: String,
    pub(crate) code: u8,
}

/// Reads the command line.
pub(crate) fn parse() -> Result<Command, Stop> {
    parse_from(std::env::args_os())
}

fn parse_from(args: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    use clap::error::ErrorKind as K;
    let args: Vec<OsString> = args.into_iter().collect();
    match Cli::try_parse_from(&args) {
        Ok(cli) => Ok(cli.command),
        Err(e)
            if matches!(
                e.kind(),
                K::DisplayHelp | K::DisplayVersion | K::DisplayHelpOnMissingArgumentOrSubcommand
            ) =>
        {
            let code = u8::from(e.kind() == K::DisplayHelpOnMissingArgumentOrSubcommand) * 2;
            Err(Stop {
                text: e.render().to_string(),
                code,
            })
        }
        Err(e) => Err(Stop {
            text: one_line(&e, &args),
            code: 2,
        }),
    }
}

/// A mistake on the command line in one line: what, clap's hint if it has one, and where to look.
fn one_line(error: &clap::Error, args: &[OsString]) -> String {
    let rendered = error.render().to_string();
    let mut said = Vec::new();
    for line in rendered.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("For more information") {
            continue;
        }
        if line.starts_with("Usage:") {
            break;
        }
        said.push(
            line.trim_start_matches("error: ")
                .trim_start_matches("tip: "),
        );
    }
    let sub = args
        .get(1)
        .and_then(|a| a.to_str())
        .filter(|a| Cli::command().find_subcommand(a).is_some());
    let help = sub.map_or("foursight --help".to_owned(), |s| {
        format!("foursight {s} --help")
    });
    format!("foursight: {}; see `{help}`\n", said.join("; "))
}

/// Writes to stdout (code 0) or stderr.
pub(crate) fn say(code: u8, text: &str) {
    // A closed pipe is the reader's choice.
    let _ = match code {
        0 => std::io::stdout().write_all(text.as_bytes()),
        _ => std::io::stderr().write_all(text.as_bytes()),
    };
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        other => return Err(format!("`{other}` is no unit; use s, m or h")),
    };
    let n: u64 = digits
        .parse()
        .map_err(|_| "a number and a unit, e.g. 90s, 5m, 1h".to_owned())?;
    Ok(std::time::Duration::from_secs(n.saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(args: &[&str]) -> Stop {
        let args = std::iter::once("foursight").chain(args.iter().copied());
        parse_from(args.map(OsString::from)).unwrap_err()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_mistake_is_one_line_with_the_way_out() {
        for args in [
            &["serve", "--datadir", "x"][..],
            &["serve", "--retention-days", "many"],
            &["fly"],
            &["keys", "revoke"],
        ] {
            let Stop { text, code } = stop(args);
            assert_eq!(text.trim_end().lines().count(), 1, "{text}");
            assert!(text.contains("--help`"), "{text}");
            assert_eq!(code, 2);
        }
        assert!(
            stop(&["serve", "--datadir", "x"])
                .text
                .contains("--data-dir")
        );
    }

    #[test]
    fn durations() {
        assert_eq!(duration("90s").unwrap().as_secs(), 90);
        assert_eq!(duration("2m").unwrap().as_secs(), 120);
        assert_eq!(duration("1h").unwrap().as_secs(), 3_600);
        assert!(duration("1d").is_err());
        assert!(duration("m").is_err());
    }
}
