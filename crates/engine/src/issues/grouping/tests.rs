use super::*;

fn frame(file: &str, function: &str) -> Frame {
    Frame {
        file: file.into(),
        function: Some(function.into()),
        class: None,
    }
}

fn report(class: &str, message: &str, frames: &[(&str, &str)]) -> Report {
    Report {
        language: "python 3.11".into(),
        root: Some("/app".into()),
        traces: vec![Trace {
            class: class.into(),
            message: Some(message.into()),
            frames: frames.iter().map(|(f, n)| frame(f, n)).collect(),
        }],
        ..Report::default()
    }
}

#[test]
fn the_message_and_foreign_frames_do_not_count_when_own_frames_decide() {
    let a = group(&report(
        "KeyError",
        "'a'",
        &[("/app/x.py", "f"), ("/v/site-packages/y.py", "g")],
    ));
    let b = group(&report(
        "KeyError",
        "'b'",
        &[("/app/x.py", "f"), ("/v/site-packages/z.py", "h")],
    ));
    assert_eq!(a, b);
    assert_eq!(a.basis, Basis::App);
    let other = group(&report("ValueError", "'a'", &[("/app/x.py", "f")]));
    assert_ne!(a.fingerprint, other.fingerprint);
}

#[test]
fn how_deep_a_recursion_went_does_not_count() {
    let deep = |n: usize| {
        let mut frames = vec![("/app/x.py", "main")];
        for _ in 0..n {
            frames.extend([("/app/x.py", "even"), ("/app/x.py", "odd")]);
        }
        group(&report("ValueError", "", &frames))
    };
    assert_eq!(deep(2), deep(9));
    let over = |n: usize, last: &str| {
        let mut frames = vec![("/app/x.py", "main")];
        for _ in 0..n {
            frames.extend([("/app/x.py", "even"), ("/app/x.py", "odd")]);
        }
        frames.push(("/app/x.py", last));
        group(&report("RecursionError", "", &frames))
    };
    assert_eq!(over(400, "even"), over(380, "odd"));
}

#[test]
fn a_wrapper_that_says_nothing_adds_its_class_alone() {
    let mut chain = report("RuntimeError", "again", &[("/app/x.py", "main")]);
    chain.traces.push(Trace {
        class: "KeyError".into(),
        message: None,
        frames: vec![frame("/app/x.py", "main"), frame("/app/y.py", "get")],
    });
    assert_eq!(
        group(&chain).parts,
        [
            "class RuntimeError",
            "class KeyError",
            "frame {root}/x.py | main",
            "frame {root}/y.py | get"
        ]
    );
}

#[test]
fn messages_group_by_their_masked_text() {
    let message = |text: &str| {
        group(&Report {
            message: Some(text.into()),
            ..Report::default()
        })
    };
    assert_eq!(message("user 123 gone"), message("user 4567 gone"));
    assert_ne!(
        message("user 123 gone").fingerprint,
        message("group 123 gone").fingerprint
    );
    assert_eq!(message("x").basis, Basis::Message);
}

/// The engine's version is for ever: a changed hash would make every issue of every user anew.
#[test]
fn g1_is_fixed() {
    let r = report("KeyError", "'a'", &[("/app/x.py", "f")]);
    // printf 'g1\0class KeyError\0frame {root}/x.py | f' | sha256sum | cut -c1-40
    assert_eq!(
        group(&r).fingerprint,
        "4132be276ce3e3aab4160e34d4c8dfa76d513f2d"
    );
}
