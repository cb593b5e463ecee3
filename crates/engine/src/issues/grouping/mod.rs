//! The default grouping engine, version `g1`: which occurrences are alike.
//!
//! An occurrence becomes two lists of *parts*, lines of text: those of its **app** frames and those of
//! **all** its frames. Its fingerprint is the hash of the first list that has a frame in it; without any
//! frame it is the class and the masked message. Nothing that changes between two runs of the same
//! mistake may stand in a part: no line, no address, no id, no version, no host. The parts are kept
//! readable for the panel "why grouped".
//!
//! The version stands in every fingerprint. A later version is a new module beside this one: old
//! issues are never hashed again (rollbar.md §7.3).
//!
//! Reading order: this file, [`path`], [`function`], [`frames`], [`mask`], [`families`].

pub mod families;
pub mod frames;
pub mod function;
pub mod mask;
pub mod path;

use regex::Regex;
use sha2::{Digest, Sha256};

/// Written before each fingerprint of this engine.
pub const VERSION: &str = "g1";

/// Longest chain of causes looked at.
const TRACES: usize = 32;

/// What an occurrence says about itself, free of any vendor's names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The language, however it is written: `python 3.11.7`, `javascript`.
    pub language: String,
    /// The application's directory.
    pub root: Option<String>,
    /// Further directories that are the application's own.
    pub packages: Vec<String>,
    /// The chain of exceptions, the outermost (raised last) first. Empty: a message.
    pub traces: Vec<Trace>,
    /// The text of a message.
    pub message: Option<String>,
    /// Values that were put into the message, as text.
    pub args: Vec<String>,
}

/// One exception of a chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Its class.
    pub class: String,
    /// Its message.
    pub message: Option<String>,
    /// Its frames, the most recent call last.
    pub frames: Vec<Frame>,
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// File as reported.
    pub file: String,
    /// Function or method, when known.
    pub function: Option<String>,
    /// Class of the method, where the language has it apart.
    pub class: Option<String>,
}

/// Rules that differ by language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of languages")]
pub enum Language {
    Python,
    JavaScript,
    Ruby,
    Java,
    Go,
    Php,
    DotNet,
    Other,
}

impl Language {
    /// From its first word, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let word = text.split_whitespace().next().unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "python" => Self::Python,
            "javascript" | "js" | "typescript" | "node" | "node.js" | "nodejs" => Self::JavaScript,
            "ruby" => Self::Ruby,
            "java" | "kotlin" | "scala" | "groovy" => Self::Java,
            "go" | "golang" => Self::Go,
            "php" => Self::Php,
            "csharp" | "c#" | "fsharp" | "f#" | "vb" | ".net" | "dotnet" => Self::DotNet,
            _ => Self::Other,
        }
    }
}

/// On what a fingerprint rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The application's own frames.
    App,
    /// All frames: none is the application's own.
    Full,
    /// Class and message: there are no frames to go by.
    Message,
}

impl Basis {
    /// A stable word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app_frames",
            Self::Full => "all_frames",
            Self::Message => "message",
        }
    }
}

/// How an occurrence is grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouped {
    /// 40 hex digits.
    pub fingerprint: String,
    /// On what it rests.
    pub basis: Basis,
    /// What was hashed, line by line.
    pub parts: Vec<String>,
}

/// A frame after normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Normal {
    part: String,
    in_app: bool,
}

/// A trace after normalisation.
struct NormalTrace {
    class: String,
    overflowed: bool,
    frames: Vec<Normal>,
}

/// Groups an occurrence. Pure; cost is linear in the frames.
#[must_use]
pub fn group(report: &Report) -> Grouped {
    let language = Language::parse(&report.language);
    let mut traces: Vec<NormalTrace> = Vec::new();
    for trace in report.traces.iter().take(TRACES) {
        let normal = normalise(report, language, trace);
        let repeats = traces
            .last()
            .is_some_and(|t| t.class == normal.class && t.frames == normal.frames);
        if !repeats {
            traces.push(normal);
        }
    }
    let has_app = traces.iter().any(|t| t.frames.iter().any(|f| f.in_app));
    let has_frames = traces.iter().any(|t| !t.frames.is_empty());
    let basis = match (has_app, has_frames) {
        (true, _) => Basis::App,
        (false, true) => Basis::Full,
        (false, false) => Basis::Message,
    };
    let mut parts = Vec::new();
    for (i, trace) in traces.iter().enumerate() {
        parts.push(format!("class {}", trace.class));
        let chosen = chosen(trace, basis);
        let wraps = traces
            .get(i + 1)
            .is_some_and(|cause| is_generic(&trace.class) && lies_within(trace, cause));
        if !wraps {
            parts.extend(chosen.into_iter().map(|f| format!("frame {f}")));
        }
    }
    if basis != Basis::App {
        let outermost = report.traces.first();
        match outermost {
            None => parts.push(format!("message {}", masked_message(report))),
            Some(trace) => {
                if let Some(line) = message_part(trace, basis) {
                    // Without frames a family decides alone: browsers differ in the class too.
                    if basis == Basis::Message && line.starts_with("family ") {
                        parts.clear();
                    }
                    parts.push(line);
                }
            }
        }
    }
    Grouped {
        fingerprint: fingerprint_of(&parts),
        basis,
        parts,
    }
}

fn masked_message(report: &Report) -> String {
    mask::message(report.message.as_deref().unwrap_or_default(), &report.args)
}

/// What the message adds when the application's own frames do not decide.
fn message_part(trace: &Trace, basis: Basis) -> Option<String> {
    let message = trace.message.as_deref().unwrap_or_default();
    // What browsers say differently is one thing, whatever class they give it.
    if let Some(family) = families::family(message) {
        return Some(format!("family {family}"));
    }
    (basis == Basis::Message || is_generic(&frames::class(&trace.class)))
        .then(|| format!("message {}", mask::message(message, &[])))
}

fn normalise(report: &Report, language: Language, trace: &Trace) -> NormalTrace {
    let class = frames::class(&trace.class);
    let overflowed = frames::is_overflow(&class, trace.message.as_deref().unwrap_or_default());
    let mut out: Vec<Normal> = Vec::with_capacity(trace.frames.len());
    for frame in &trace.frames {
        if frames::is_dropped(language, frame) {
            continue;
        }
        let Some(part) = frames::part(report, language, frame) else {
            continue;
        };
        out.push(Normal {
            part,
            in_app: frames::is_in_app(report, language, frame),
        });
    }
    let frames = match overflowed {
        true => of_cycle(out),
        false => without_cycles(out),
    };
    NormalTrace {
        class,
        overflowed,
        frames,
    }
}

/// The parts of a trace's frames that count.
fn chosen(trace: &NormalTrace, basis: Basis) -> Vec<&str> {
    let mut out: Vec<&str> = trace
        .frames
        .iter()
        .filter(|f| basis != Basis::App || f.in_app)
        .map(|f| f.part.as_str())
        .collect();
    if trace.overflowed {
        out.sort_unstable();
    }
    out
}

/// Whether a trace's own frames are the first or the last of its cause's: it says nothing of its own.
fn lies_within(outer: &NormalTrace, cause: &NormalTrace) -> bool {
    let own = |t: &NormalTrace| -> Vec<String> {
        let own = t.frames.iter().filter(|f| f.in_app);
        own.map(|f| f.part.clone()).collect()
    };
    let (outer, cause) = (own(outer), own(cause));
    cause.starts_with(&outer) || cause.ends_with(&outer)
}

/// Classes that say nothing about what went wrong.
fn is_generic(class: &str) -> bool {
    matches!(
        class,
        "" | "Error"
            | "(unknown)"
            | "Exception"
            | "RuntimeException"
            | "java.lang.RuntimeException"
            | "java.lang.Exception"
            | "StandardError"
            | "RuntimeError"
            | "errors.errorString"
            | "fmt.wrapError"
            | "fmt.wrapErrors"
            | "errors.joinError"
            | "errors.fundamental"
            | "errors.withStack"
            | "errors.withMessage"
    )
}

/// A directly repeated block of up to eight frames stays once: how deep a recursion went says nothing.
fn without_cycles(frames: Vec<Normal>) -> Vec<Normal> {
    const BLOCK: usize = 8;
    let mut out: Vec<Normal> = Vec::with_capacity(frames.len());
    for frame in frames {
        out.push(frame);
        // Shorter blocks first: a frame repeated is a block of one.
        for n in 1..=BLOCK {
            let len = out.len();
            if len >= 2 * n && out[len - n..] == out[len - 2 * n..len - n] {
                out.truncate(len - n);
                break;
            }
        }
    }
    out
}

/// The frames that go round, each once; all when none does.
fn of_cycle(frames: Vec<Normal>) -> Vec<Normal> {
    let mut seen: hashbrown::HashMap<&str, usize> = hashbrown::HashMap::new();
    for f in &frames {
        *seen.entry(f.part.as_str()).or_default() += 1;
    }
    let most = seen.values().copied().max().unwrap_or(0);
    // A frame of the way in may stand twice by chance; one of the cycle stands there again and again.
    let least = match most {
        0..=3 => 1,
        _ => most / 2,
    };
    let round: Vec<bool> = frames
        .iter()
        .map(|f| seen[f.part.as_str()] >= least)
        .collect();
    let mut out: Vec<Normal> = Vec::new();
    for (frame, is_round) in frames.iter().zip(round) {
        if is_round && !out.contains(frame) {
            out.push(frame.clone());
        }
    }
    out
}

fn fingerprint_of(parts: &[String]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(VERSION);
    for part in parts {
        hasher.update([0]);
        hasher.update(part);
    }
    let mut hex = hex::encode(hasher.finalize());
    hex.truncate(40);
    hex
}

/// The title of an occurrence: class and first line of the message, or the message's first line; at
/// most 255 characters.
#[must_use]
pub fn title(report: &Report) -> String {
    let first = |text: &str| -> String {
        let line = text.lines().map(str::trim).find(|l| !l.is_empty());
        line.unwrap_or_default().to_owned()
    };
    let text = match report.traces.first() {
        Some(trace) => {
            let message = first(trace.message.as_deref().unwrap_or_default());
            match (trace.class.trim(), message.as_str()) {
                ("", "") => "(no message)".to_owned(),
                ("", message) => message.to_owned(),
                (class, "") => class.to_owned(),
                (class, message) => format!("{class}: {message}"),
            }
        }
        None => first(report.message.as_deref().unwrap_or_default()),
    };
    match text.is_empty() {
        true => "(no message)".to_owned(),
        false => text.chars().take(255).collect(),
    }
}

/// A pattern written in this module; the tests use each of them.
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours is a pattern")
}

/// Why two fingerprints differ or not, for people: what the engine went by.
#[must_use]
pub fn explain(basis: Basis) -> &'static str {
    match basis {
        Basis::App => "grouped by class and the application's own frames",
        Basis::Full => "grouped by class and all frames: none is the application's own",
        Basis::Message => "grouped by class and message with values masked: there are no frames",
    }
}

#[cfg(test)]
mod tests;
