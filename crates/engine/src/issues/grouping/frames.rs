//! Which frames count, and what each adds to the hash.

use super::{Frame, Language, Report, function, path};

/// A frame's part; `None`: it says nothing.
#[must_use]
pub fn part(report: &Report, language: Language, frame: &Frame) -> Option<String> {
    let name = frame
        .function
        .as_deref()
        .and_then(|f| function::normalise(language, f));
    match language {
        Language::Java if frame.class.is_some() || !frame.file.contains('/') => {
            let class = function::java_class(frame.class.as_deref().unwrap_or(&frame.file));
            Some(format!("{class} | {}", name.unwrap_or_default()))
        }
        // The package stands in the name; directories differ from one builder to the next.
        Language::Go if name.as_deref().is_some_and(|n| n.contains('.')) => name,
        _ => {
            let file = path::normalise(&frame.file, roots(report));
            match name {
                Some(name) => Some(format!("{file} | {name}")),
                None if language == Language::JavaScript && path::is_hashed_bundle(&frame.file) => {
                    None
                }
                None if file.is_empty() => None,
                None => Some(file),
            }
        }
    }
}

fn roots(report: &Report) -> impl Iterator<Item = &str> {
    let packages = report.packages.iter().map(String::as_str);
    report.root.as_deref().into_iter().chain(packages)
}

/// Frames of the reporting SDK and of the runtime's own machinery.
#[must_use]
pub fn is_dropped(language: Language, frame: &Frame) -> bool {
    const SDK: [&str; 7] = [
        "/site-packages/rollbar/",
        "/dist-packages/rollbar/",
        "/node_modules/rollbar/",
        "/gems/rollbar-",
        "/rollbar/rollbar/src/",
        "github.com/rollbar/rollbar-go",
        "/rollbar.js/",
    ];
    let file = path::slashed(&frame.file);
    let anchored = format!("/{file}");
    let name = frame.function.as_deref().unwrap_or_default();
    if SDK.iter().any(|s| anchored.contains(s)) || file.contains("[native code]") {
        return true;
    }
    match language {
        Language::Python => file.starts_with("<frozen ") || file.contains("importlib/_bootstrap"),
        Language::JavaScript => {
            file == "native"
                || name.contains("[native code]")
                || name.ends_with("processTicksAndRejections")
                || name.ends_with("runMicrotasks")
                || name.ends_with("listOnTimeout")
                || name.ends_with("processTimers")
        }
        Language::Go => {
            name.starts_with("github.com/rollbar/rollbar-go")
                || matches!(
                    name,
                    "runtime.goexit"
                        | "runtime.main"
                        | "runtime.gopanic"
                        | "runtime.call32"
                        | "runtime.panicmem"
                        | "runtime.sigpanic"
                        | "runtime.goPanicIndex"
                        | "panic"
                        | "goexit"
                )
        }
        Language::Java => {
            let class = frame.class.as_deref().unwrap_or(&frame.file);
            class.starts_with("com.rollbar.")
                || class.starts_with("sun.reflect.")
                || class.starts_with("jdk.internal.reflect.")
                || class.starts_with("java.lang.reflect.")
                || (class == "java.lang.Thread" && name == "run")
        }
        Language::Ruby | Language::Php | Language::DotNet | Language::Other => false,
    }
}

/// Whether the frame is the application's own: the first test that decides (rollbar.md §7.3).
#[must_use]
pub fn is_in_app(report: &Report, language: Language, frame: &Frame) -> bool {
    // A virtual environment lies inside the project: what is foreign comes before what is inside.
    if path::is_vendor(&frame.file) {
        return false;
    }
    if path::is_under(&frame.file, roots(report)) {
        return true;
    }
    match language {
        Language::Java => {
            let class = frame.class.as_deref().unwrap_or(&frame.file);
            let extra = report
                .packages
                .iter()
                .any(|p| class.starts_with(p.as_str()));
            extra || !JAVA_LIBRARIES.iter().any(|p| class.starts_with(p))
        }
        // Modules carry their version in the path that the SDK reports.
        Language::Go if frame.file.contains("@v") => false,
        Language::Go => {
            let name = frame.function.as_deref().unwrap_or_default();
            let first = name.split(['/', '.']).next().unwrap_or_default();
            // The standard library's packages have no dot in their first segment.
            name.starts_with("main.")
                || name
                    .split('/')
                    .next()
                    .is_some_and(|s| s.contains('.') && name.contains('/'))
                || !is_go_standard(first)
        }
        Language::JavaScript => {
            let foreign = [
                "chrome-extension:",
                "moz-extension:",
                "safari-extension:",
                "safari-web-extension:",
            ];
            !foreign.iter().any(|f| frame.file.starts_with(f)) && frame.file != "(unknown)"
        }
        _ => !frame.file.starts_with('<'),
    }
}

const JAVA_LIBRARIES: [&str; 22] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.eclipse.jetty.",
    "org.junit.",
    "io.netty.",
    "io.micronaut.",
    "io.undertow.",
    "reactor.",
    "com.fasterxml.",
    "com.google.",
    "jakarta.",
    "okhttp3.",
];

fn is_go_standard(package: &str) -> bool {
    const STANDARD: [&str; 40] = [
        "archive",
        "bufio",
        "bytes",
        "cmp",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "debug",
        "embed",
        "encoding",
        "errors",
        "expvar",
        "flag",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "index",
        "internal",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "strconv",
        "strings",
        "sync",
        "syscall",
    ];
    STANDARD.contains(&package)
        || matches!(
            package,
            "testing" | "text" | "time" | "unicode" | "unique" | "unsafe" | "vendor"
        )
}

/// A class without what one runtime adds to it.
#[must_use]
pub fn class(name: &str) -> String {
    let name = name.trim();
    let name = name.strip_prefix("__main__.").unwrap_or(name);
    name.trim_start_matches('*').to_owned()
}

/// Whether the stack ran over.
#[must_use]
pub fn is_overflow(class: &str, message: &str) -> bool {
    let last = class.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "RecursionError" | "StackOverflowError" | "SystemStackError"
    ) || (last == "RangeError" && message.starts_with("Maximum call stack"))
        || (last == "InternalError" && message.contains("too much recursion"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(file: &str, function: &str) -> Frame {
        Frame {
            file: file.into(),
            function: Some(function.into()),
            class: None,
        }
    }

    #[test]
    fn foreign_code_below_the_root_is_not_the_applications() {
        let report = Report {
            language: "python".into(),
            root: Some("/srv/app".into()),
            ..Report::default()
        };
        let own = frame("/srv/app/lib/db.py", "run");
        let flask = frame(
            "/srv/app/.venv/lib/python3.11/site-packages/flask/app.py",
            "wsgi_app",
        );
        assert!(is_in_app(&report, Language::Python, &own));
        assert!(!is_in_app(&report, Language::Python, &flask));
        assert_eq!(
            part(&report, Language::Python, &own).unwrap(),
            "{root}/lib/db.py | run"
        );
        assert_eq!(
            part(&report, Language::Python, &flask).unwrap(),
            "flask/app.py | wsgi_app"
        );
        let sdk = frame("/x/site-packages/rollbar/contrib/flask/__init__.py", "f");
        assert!(is_dropped(Language::Python, &sdk));
    }

    #[test]
    fn go_is_known_by_its_packages() {
        let report = Report::default();
        let app = |f: &str| is_in_app(&report, Language::Go, &frame("x.go", f));
        assert!(app("main.run"));
        assert!(app("github.com/team/shop/cart.Add"));
        assert!(!app("net/http.HandlerFunc.ServeHTTP"));
        assert!(!app("encoding/json.Unmarshal"));
    }
}
