//! Payloads between what SDKs are told to send and what we take: cut to size before they are stored,
//! the least telling first (rollbar.md §2.3).

use crate::json::Json;

/// Size above which a payload is cut, bytes.
pub const TRIM_BYTES: usize = 512 << 10;

/// Frames kept at each end of a long stack.
const ENDS: usize = 10;

/// Cuts until the payload is small enough; returns what was cut, in words.
pub fn trim(data: &mut Json) -> Vec<&'static str> {
    type Step = (&'static str, fn(&mut Json));
    const STEPS: [Step; 6] = [
        ("locals", |d| {
            each_frame(d, |f| remove(f, &["locals", "args", "kwargs"]))
        }),
        ("context", |d| each_frame(d, |f| remove(f, &["context"]))),
        ("telemetry", |d| {
            if let Some(body) = d.get_mut("body") {
                remove(body, &["telemetry"]);
            }
        }),
        ("long strings", |d| cut_strings(d, 4_096)),
        ("middle frames", |d| {
            each_stack(d, |frames| {
                if frames.len() > 2 * ENDS {
                    frames.drain(ENDS..frames.len() - ENDS);
                }
            })
        }),
        ("strings", |d| cut_strings(d, 256)),
    ];
    let mut cut = Vec::new();
    for (what, step) in STEPS {
        if data.to_string().len() <= TRIM_BYTES {
            break;
        }
        step(data);
        cut.push(what);
    }
    cut
}

fn remove(value: &mut Json, names: &[&str]) {
    if let Json::Map(members) = value {
        members.retain(|(k, _)| !names.contains(&k.as_str()));
    }
}

fn each_stack(data: &mut Json, mut f: impl FnMut(&mut Vec<Json>)) {
    let Some(body) = data.get_mut("body") else {
        return;
    };
    let mut of_trace = |trace: &mut Json| {
        if let Some(Json::List(frames)) = trace.get_mut("frames") {
            f(frames);
        }
    };
    if let Some(trace) = body.get_mut("trace") {
        of_trace(trace);
    }
    if let Some(Json::List(chain)) = body.get_mut("trace_chain") {
        chain.iter_mut().for_each(of_trace);
    }
}

fn each_frame(data: &mut Json, mut f: impl FnMut(&mut Json)) {
    each_stack(data, |frames| frames.iter_mut().for_each(&mut f));
}

fn cut_strings(value: &mut Json, limit: usize) {
    match value {
        Json::Text(s) if s.len() > limit => {
            let (kept, _) = event::builder::cut_text(s, limit);
            *s = format!("{kept}…");
        }
        Json::List(list) => list.iter_mut().for_each(|v| cut_strings(v, limit)),
        Json::Map(members) => members.iter_mut().for_each(|(_, v)| cut_strings(v, limit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locals_go_first_and_both_ends_of_a_stack_stay() {
        let big = "x".repeat(20_000);
        let frames: Vec<String> = (0..40)
            .map(|i| format!(r#"{{"filename":"f{i}","locals":{{"v":"{big}"}}}}"#))
            .collect();
        let text = format!(
            r#"{{"body":{{"trace":{{"frames":[{}]}}}}}}"#,
            frames.join(",")
        );
        let mut data = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(trim(&mut data), ["locals"]);
        assert_eq!(data.at("body.trace.frames").unwrap().list().len(), 40);

        let frames: Vec<String> = (0..40)
            .map(|i| {
                format!(
                    r#"{{"filename":"f{i}","many":[{}]}}"#,
                    vec!["12345678"; 3_000].join(",")
                )
            })
            .collect();
        let text = format!(
            r#"{{"body":{{"trace":{{"frames":[{}]}}}}}}"#,
            frames.join(",")
        );
        let mut data = Json::parse(text.as_bytes()).unwrap();
        trim(&mut data);
        let left = data.at("body.trace.frames").unwrap().list();
        assert_eq!(left.len(), 20);
        assert_eq!(left[10].text_at("filename").as_deref(), Some("f30"));
    }
}
