//! Stacks: their order, what the engine groups by, and how they read as text.

use crate::json::Json;
use crate::wire::Kind;
use engine::issues::grouping::{Frame, Report, Trace};
use std::fmt::Write as _;
use std::net::IpAddr;

/// The traces of a payload, the outermost first, as sent.
#[must_use]
pub fn traces(data: &Json) -> Vec<&Json> {
    match data.at("body.trace_chain") {
        Some(Json::List(chain)) => chain.iter().collect(),
        _ => data.at("body.trace").into_iter().collect(),
    }
}

/// Puts the frames of each trace into one order: the most recent call last (rollbar.md §3.4).
/// Changes what is stored: from here on every reader may rely on it.
pub fn order(data: &mut Json) {
    let is_go = language(data) == "go";
    if !is_go {
        return;
    }
    let by_sdk = data.text_at("notifier.name").as_deref() == Some("rollbar/rollbar-go");
    let Some(body) = data.get_mut("body") else {
        return;
    };
    let turn = |trace: &mut Json| {
        let Some(Json::List(frames)) = trace.get_mut("frames") else {
            return;
        };
        let root = |f: Option<&Json>| {
            let name = f.and_then(|f| f.text_at("method")).unwrap_or_default();
            matches!(
                name.as_str(),
                "runtime.goexit" | "runtime.main" | "main.main"
            )
        };
        if by_sdk || (root(frames.last()) && !root(frames.first())) {
            frames.reverse();
        }
    };
    if let Some(Json::List(chain)) = body.get_mut("trace_chain") {
        chain.iter_mut().for_each(turn);
    } else if let Some(trace) = body.get_mut("trace") {
        turn(trace);
    }
}

/// The first word of the language, from what else there is when it is not told.
#[must_use]
pub fn language(data: &Json) -> String {
    let told = data.text_at("language").unwrap_or_default();
    if let Some(word) = told.split_whitespace().next() {
        return word.to_ascii_lowercase();
    }
    let notifier = data.text_at("notifier.name").unwrap_or_default();
    let framework = data.text_at("framework").unwrap_or_default();
    let found = [
        ("pyrollbar", "python"),
        ("rollbar-gem", "ruby"),
        ("rollbar-php", "php"),
        ("rollbar-java", "java"),
        ("rollbar-go", "go"),
        ("rollbar.js", "javascript"),
        ("rollbar-browser-js", "javascript"),
        ("node_rollbar", "javascript"),
    ]
    .iter()
    .find(|(name, _)| notifier.contains(name));
    let language = match (found, framework.as_str()) {
        (Some((_, language)), _) => language,
        (None, "node-js" | "browser-js") => "javascript",
        (None, "django" | "flask" | "pyramid" | "celery") => "python",
        (None, "rails" | "sidekiq") => "ruby",
        _ if data.text_at("platform").as_deref() == Some("browser") => "javascript",
        _ => "",
    };
    language.to_owned()
}

/// What the engine groups by.
#[must_use]
pub fn report(data: &Json, kind: Kind) -> Report {
    let mut report = Report {
        language: language(data),
        root: data.text_at("server.root"),
        packages: data
            .at("project_package_paths")
            .map(Json::list)
            .unwrap_or_default()
            .iter()
            .filter_map(Json::scalar_text)
            .collect(),
        ..Report::default()
    };
    match kind {
        Kind::TraceChain | Kind::Trace => {
            report.traces = traces(data).into_iter().map(trace).collect();
        }
        Kind::Message => {
            report.message = data.text_at("body.message.body");
            let args = data
                .at("body.message.args")
                .map(Json::list)
                .unwrap_or_default();
            report.args = args.iter().filter_map(Json::scalar_text).collect();
        }
        Kind::CrashReport => report.traces = vec![crash(data)],
    }
    report
}

fn trace(trace: &Json) -> Trace {
    let description = trace.text_at("exception.description");
    Trace {
        class: trace.text_at("exception.class").unwrap_or_default(),
        message: trace.text_at("exception.message").or(description),
        frames: trace
            .at("frames")
            .map(Json::list)
            .unwrap_or_default()
            .iter()
            .map(|f| Frame {
                file: f.text_at("filename").unwrap_or_default(),
                function: f.text_at("method"),
                class: f.text_at("class_name"),
            })
            .collect(),
    }
}

/// Apple's crash text: its type, and the thread that crashed.
fn crash(data: &Json) -> Trace {
    let raw = data.text_at("body.crash_report.raw").unwrap_or_default();
    let after = |name: &str| {
        let line = raw.lines().find_map(|l| l.trim().strip_prefix(name));
        line.map(|l| l.trim().to_owned())
    };
    let mut frames: Vec<Frame> = raw
        .lines()
        .skip_while(|l| !(l.starts_with("Thread ") && l.contains("Crashed:")))
        .skip(1)
        .take_while(|l| l.starts_with(|c: char| c.is_ascii_digit()))
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let image = words.next()?.to_owned();
            let symbol: Vec<&str> = words.skip(1).collect();
            let symbol = symbol.join(" ");
            let name = symbol.split(" + ").next().unwrap_or_default().to_owned();
            Some(Frame {
                file: image,
                function: Some(name),
                class: None,
            })
        })
        .collect();
    // The report begins with the most recent call.
    frames.reverse();
    Trace {
        class: after("Exception Type:").unwrap_or_else(|| "crash".to_owned()),
        message: after("Application Specific Information:").or_else(|| after("Exception Codes:")),
        frames,
    }
}

/// The stacks as text, most recent call last, the outermost exception first.
#[must_use]
pub fn stack(data: &Json) -> String {
    let mut out = String::new();
    for (i, trace) in traces(data).into_iter().enumerate() {
        if i > 0 {
            out.push_str("caused by\n");
        }
        for f in trace.at("frames").map(Json::list).unwrap_or_default() {
            let file = f.text_at("filename").unwrap_or_default();
            let line = f.text_at("lineno").unwrap_or_default();
            let method = f.text_at("method").unwrap_or_default();
            let class = f.text_at("class_name");
            let method = match class {
                Some(class) => format!("{class}.{method}"),
                None => method,
            };
            // Writing to a string does not fail.
            let _ = writeln!(out, "  {file}:{line} in {method}");
        }
        let class = trace.text_at("exception.class").unwrap_or_default();
        let message = trace.text_at("exception.message").unwrap_or_default();
        let _ = writeln!(out, "{class}: {message}");
    }
    out
}

/// A value of the list `attributes`.
#[must_use]
pub fn attribute(data: &Json, key: &str) -> Option<String> {
    let list = data.get("attributes")?.list();
    let found = list
        .iter()
        .find(|a| a.text_at("key").as_deref() == Some(key))?;
    found.text_at("value")
}

/// A header of the request, in any case.
#[must_use]
pub fn header(data: &Json, name: &str) -> Option<String> {
    let headers = data.at("request.headers")?.members();
    let found = headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(name))?;
    found.1.scalar_text()
}

/// The first valid address of `request.user_ip`.
#[must_use]
pub fn client_address(data: &Json) -> Option<String> {
    let told = data.text_at("request.user_ip")?;
    let mut all = told.split(',').map(str::trim);
    all.find(|a| a.parse::<IpAddr>().is_ok()).map(str::to_owned)
}

/// What the client of the request calls itself.
#[must_use]
pub fn user_agent(data: &Json) -> Option<String> {
    header(data, "user-agent").or_else(|| data.text_at("client.javascript.browser"))
}

/// Puts the peer's address where the payload asks for it (rollbar.md §3.5).
pub fn resolve_address(data: &mut Json, peer: IpAddr) {
    let peer = peer.to_canonical();
    let Some(request) = data.get_mut("request") else {
        return;
    };
    let address = match request.get("user_ip").and_then(Json::as_str) {
        Some("$remote_ip") => peer.to_string(),
        Some("$remote_ip_anonymize") => anonymous(peer).to_string(),
        _ => return,
    };
    request.set("user_ip", Json::Text(address));
}

fn anonymous(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(v6) => {
            let mut octets = v6.octets();
            octets.iter_mut().skip(6).for_each(|b| *b = 0);
            IpAddr::from(octets)
        }
    }
}
