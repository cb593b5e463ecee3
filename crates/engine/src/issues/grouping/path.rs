//! File names without what changes between two deploys of the same code.

use super::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// Directories whose content is somebody else's code.
const VENDOR: [&str; 25] = [
    "/site-packages/",
    "/dist-packages/",
    "/lib/python2",
    "/lib/python3",
    "/lib64/python3",
    "/python-eggs/",
    "/node_modules/",
    "/bower_components/",
    "/vendor/",
    "/gems/",
    "/rubygems/",
    "/lib/ruby/",
    "/usr/lib/",
    "/usr/lib64/",
    "/usr/share/",
    "/pkg/mod/",
    "/usr/local/go/src/",
    "/go/src/runtime/",
    "/libexec/src/",
    "/.cargo/registry/",
    "/rustc/",
    "webpack/runtime",
    "webpack/bootstrap",
    "(webpack)",
    "node:",
];

/// With forward slashes; Windows drive paths in lower case.
#[must_use]
pub fn slashed(file: &str) -> String {
    let file = file.trim().replace('\\', "/");
    let is_drive = file.as_bytes().get(1) == Some(&b':')
        && file.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    match is_drive {
        true => file.to_lowercase(),
        false => file,
    }
}

/// Whether a marker of foreign code stands anywhere in the path.
#[must_use]
pub fn is_vendor(file: &str) -> bool {
    let file = slashed(file);
    // A relative path may begin with the marker's directory.
    let anchored = format!("/{file}");
    VENDOR.iter().any(|marker| match marker.strip_prefix('/') {
        Some(_) => anchored.contains(marker),
        None => file.contains(marker),
    }) || file.starts_with("internal/")
        || file.starts_with("<frozen ")
}

/// Whether the path lies under one of the directories.
#[must_use]
pub fn is_under<'a>(file: &str, mut roots: impl Iterator<Item = &'a str>) -> bool {
    let file = slashed(file);
    roots.any(|root| !root.trim().is_empty() && cut_root(&file, root).is_some())
}

fn cut_root<'a>(file: &'a str, root: &str) -> Option<&'a str> {
    let root = slashed(root);
    let root = root.trim_end_matches('/');
    let rest = file.strip_prefix(root)?;
    (!root.is_empty()).then(|| rest.strip_prefix('/'))?
}

/// The path as it is hashed. `roots`: directories of the application, replaced by `{root}`.
#[must_use]
pub fn normalise<'a>(file: &str, roots: impl Iterator<Item = &'a str>) -> String {
    let mut path = slashed(file);
    if let Some(local) = without_origin(&path) {
        path = local;
    }
    // Foreign code first: it may lie below the application's directory.
    if let Some(cut) = below_packages(&path) {
        return segments(&versions(&cut));
    }
    let mut longest: Option<String> = None;
    for root in roots {
        if let Some(rest) = cut_root(&path, root)
            && longest.as_ref().is_none_or(|l| rest.len() < l.len())
        {
            longest = Some(rest.to_owned());
        }
    }
    match longest {
        Some(rest) => format!("{{root}}/{}", segments(&versions(&rest))),
        None => segments(&versions(&path)),
    }
}

/// A URL's path alone: no scheme, host, query or fragment.
fn without_origin(path: &str) -> Option<String> {
    static ORIGIN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)//+(?:[^/?#]*)([^?#]*)"));
    static BUNDLER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:webpack|webpack-internal|turbopack|vite):///?(.*)$"));
    if let Some(c) = BUNDLER.captures(path) {
        let rest = c.get(1)?.as_str();
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        return Some(rest.trim_start_matches("./").to_owned());
    }
    let captured = ORIGIN.captures(path)?;
    Some(captured.get(1)?.as_str().to_owned())
}

/// What follows the last directory of packages.
fn below_packages(path: &str) -> Option<String> {
    const DIRS: [&str; 5] = [
        "site-packages/",
        "dist-packages/",
        "node_modules/",
        "gems/",
        "pkg/mod/",
    ];
    let at = DIRS
        .iter()
        .filter_map(|d| path.rfind(d).map(|i| i + d.len()))
        .max()?;
    Some(path[at..].to_owned())
}

/// Versions in names of directories.
fn versions(path: &str) -> String {
    static PYTHON: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bpython\d+(?:\.\d+)*"));
    static AT: LazyLock<Regex> = LazyLock::new(|| pattern(r"@v?\d[^/]*"));
    static GEM: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(^|/)([A-Za-z][\w.-]*?)-\d+(?:\.[\w-]+)+(/|$)"));
    let path = PYTHON.replace_all(path, "python*");
    let path = AT.replace_all(&path, "");
    GEM.replace_all(&path, "$1$2$3").into_owned()
}

/// Each segment with what changes from build to build replaced by `*`.
fn segments(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (i, segment) in path.split('/').enumerate() {
        if i > 0 {
            out.push('/');
        }
        out.push_str(&self::segment(segment));
    }
    out
}

fn segment(text: &str) -> String {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?ix)^(?: \d{8,14} | \d{4}-\d{2}-\d{2}(?:[T_-].*)? | v?\d+(?:\.\d+)+
          | [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} )$",
        )
    });
    static HASH: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^([\w$-]*[._-])([0-9A-Za-z_-]{8,40})((?:\.[A-Za-z]+)+)$"));
    static MIDDLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\.[0-9a-f]{6,40}\."));
    if WHOLE.is_match(text) || is_hash(text, 7) {
        return "*".to_owned();
    }
    if let Some(m) = MIDDLE.find(text)
        && m.as_str().bytes().any(|b| b.is_ascii_digit())
    {
        return MIDDLE.replace_all(text, ".*.").into_owned();
    }
    if let Some(c) = HASH.captures(text)
        && is_bundle(&c[3])
        && looks_random(&c[2])
    {
        return format!("{}*{}", &c[1], &c[3]);
    }
    text.to_owned()
}

fn is_bundle(extension: &str) -> bool {
    [".js", ".mjs", ".cjs", ".css", ".ts", ".jsx", ".tsx"]
        .iter()
        .any(|e| extension.ends_with(e))
}

/// A run of hex digits, at least one of them a number.
fn is_hash(text: &str, least: usize) -> bool {
    text.len() >= least
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        || text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A content hash rather than a word: digits among letters of both cases, or hex.
fn looks_random(text: &str) -> bool {
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    let upper = text.bytes().any(|b| b.is_ascii_uppercase());
    let lower = text.bytes().any(|b| b.is_ascii_lowercase());
    is_hash(text, 8) || (digit && (upper || lower)) || (upper && lower && !is_words(text))
}

/// `camelCase` and `PascalCase` names are words: a capital is followed by a small letter.
fn is_words(text: &str) -> bool {
    let b = text.as_bytes();
    let humps = b
        .windows(2)
        .filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase());
    let runs = b
        .windows(2)
        .filter(|w| w[0].is_ascii_uppercase() && w[1].is_ascii_uppercase());
    humps.count() * 4 <= text.len() && runs.count() == 0
}

/// Whether the file is a bundle named by its content: without a source map it says nothing.
#[must_use]
pub fn is_hashed_bundle(file: &str) -> bool {
    let path = slashed(file);
    let path = without_origin(&path).unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    segment(name) != name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm(file: &str) -> String {
        normalise(file, ["/srv/app/current"].into_iter())
    }

    /// Expected values: rollbar.md §7.3, "Path normalisation".
    #[test]
    fn what_changes_between_deploys_goes() {
        for (file, want) in [
            (
                "/usr/lib/python3.11/site-packages/flask/app.py",
                "flask/app.py",
            ),
            (
                "/usr/lib/python3.11/json/decoder.py",
                "/usr/lib/python*/json/decoder.py",
            ),
            ("/var/gems/rails-7.1.2/lib/x.rb", "rails/lib/x.rb"),
            (
                "/root/go/pkg/mod/github.com/a/b@v1.2.3/c.go",
                "github.com/a/b/c.go",
            ),
            (
                "/a/node_modules/.pnpm/x@1.2.3/node_modules/x/i.js",
                "x/i.js",
            ),
            ("/srv/app/current/lib/db.py", "{root}/lib/db.py"),
            (
                "/apps/releases/20240102030405/x.rb",
                "/apps/releases/*/x.rb",
            ),
            ("/apps/versions/1f3c9ab27d/x.rb", "/apps/versions/*/x.rb"),
            (
                "https://cdn.io/s/vendors.7be4410c.bundle.js?v=1",
                "/s/vendors.*.bundle.js",
            ),
            (
                "https://cdn.io/assets/entry-Qz81LmP0.js",
                "/assets/entry-*.js",
            ),
            ("webpack:///./src/a.js", "src/a.js"),
            (r"C:\Work\App\X.cs", "c:/work/app/x.cs"),
            (
                "/srv/app/current/components/user-settings.js",
                "{root}/components/user-settings.js",
            ),
            (
                "/srv/app/current/src/MessageGroups.tsx",
                "{root}/src/MessageGroups.tsx",
            ),
        ] {
            assert_eq!(norm(file), want, "{file}");
        }
    }

    #[test]
    fn vendor_markers_are_found_anywhere() {
        for (file, want) in [
            ("node_modules/express/lib/router.js", true),
            ("node:internal/process/task_queues", true),
            (
                "/srv/app/current/.venv/lib/python3.12/site-packages/x.py",
                true,
            ),
            ("/srv/app/current/lib/x.py", false),
        ] {
            assert_eq!(is_vendor(file), want, "{file}");
        }
        assert!(is_hashed_bundle("https://x/static/main.0a1b2c3d.js"));
        assert!(!is_hashed_bundle("https://x/static/main.js"));
    }
}
