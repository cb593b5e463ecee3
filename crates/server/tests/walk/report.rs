//! The report: one page per run, readable in a browser, under the target directory.

use super::{Seen, stage::Stage};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Writes the page of a run and returns where it lies.
pub(crate) fn write(stage: &Stage, seen: &[Seen]) -> PathBuf {
    let folder = support::scratch().join("walkthrough");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.html", stage.name.replace(' ', "-")));
    std::fs::write(&file, page(stage, seen)).unwrap();
    file
}

fn page(stage: &Stage, seen: &[Seen]) -> String {
    let good = seen.iter().filter(|s| s.result.is_ok()).count();
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>The walkthrough</title><style>\
         body{font:15px/1.5 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em}\
         table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.4em .6em;\
         text-align:left;vertical-align:top}.ok{color:#166534}.red{color:#b91c1c}\
         td:last-child{font-size:13px;overflow-wrap:anywhere}</style>",
    );
    let _ = write!(
        out,
        "<h1>The walkthrough, {}</h1><p>SDKs on: {:?}. {good} of {} rows are as they should be.</p>\
         <table><tr><th></th><th>The team</th><th>Foursight shows</th><th>Seen</th></tr>",
        escaped(stage.name),
        stage.on,
        seen.len()
    );
    for s in seen {
        let (class, mark, said) = match &s.result {
            Ok(said) => ("ok", "✓", said),
            Err(said) => ("red", "✕", said),
        };
        let _ = write!(
            out,
            "<tr><td class=\"{class}\">{mark} {}</td><td>{}</td><td>{}</td><td class=\"{class}\">{}</td></tr>",
            s.check.id,
            escaped(s.check.does),
            escaped(s.check.shows),
            escaped(said)
        );
    }
    out.push_str("</table></html>\n");
    out
}

fn escaped(text: &str) -> String {
    text.chars()
        .take(2_000)
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
