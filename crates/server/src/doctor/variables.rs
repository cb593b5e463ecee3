//! The client's variables: those of this process, or of an env file as Docker and Compose read it.

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::path::Path;

/// What the client's SDKs would see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
    /// Names of variables whose value is made from another that is not set: (name, the other).
    pub(crate) unfilled: Vec<(String, String)>,
}

impl Variables {
    /// Those of this process: the doctor runs where the app runs.
    pub(crate) fn of_process() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        Self {
            values,
            unfilled: Vec::new(),
        }
    }

    /// Those of an env file, and no others: `NAME=value` a line, `#` comments, `export` and quotes
    /// allowed, `${OTHER}` and `${OTHER:-default}` filled in from the file and from this process, a
    /// bare `NAME` taken from this process.
    ///
    /// # Errors
    /// The file cannot be read, or a line is none of that.
    pub(crate) fn of_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("env file {} (--env-file)", path.display()))?;
        Self::read(&text, &|name| std::env::var(name).ok())
            .with_context(|| format!("env file {}", path.display()))
    }

    fn read(text: &str, process: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let mut out = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, raw) = match line.split_once('=') {
                Some((name, raw)) => (name.trim_end(), Some(raw.trim())),
                None => (line, None),
            };
            let named = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.as_bytes()[0].is_ascii_digit();
            anyhow::ensure!(
                named,
                "line {}: a line is NAME=value, a bare NAME or a # comment",
                number + 1
            );
            let value = match raw {
                None => match process(name) {
                    Some(value) => value,
                    None => continue,
                },
                Some(raw) => out.filled(name, raw, process),
            };
            out.values.insert(name.to_owned(), value);
        }
        Ok(out)
    }

    /// The value of a line, quotes taken off and `${…}` filled in; within single quotes nothing is.
    fn filled(
        &mut self,
        name: &str,
        raw: &str,
        process: &dyn Fn(&str) -> Option<String>,
    ) -> String {
        let quoted = |q: char| {
            raw.len() >= 2 && raw.starts_with(q) && raw.ends_with(q) && raw.is_char_boundary(1)
        };
        if quoted('\'') {
            return raw[1..raw.len() - 1].to_owned();
        }
        let text = match quoted('"') {
            true => &raw[1..raw.len() - 1],
            false => raw,
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((inner, after)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            let (other, default) = match inner.split_once(":-") {
                Some((other, default)) => (other, Some(default)),
                None => (inner, None),
            };
            let found = self.values.get(other).cloned().or_else(|| process(other));
            match found
                .filter(|v| !v.is_empty())
                .or(default.map(str::to_owned))
            {
                Some(value) => out.push_str(&value),
                None => self.unfilled.push((name.to_owned(), other.to_owned())),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// A value that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The first of these that is set, with its name.
    pub(crate) fn first<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &str)> {
        names.iter().find_map(|n| Some((*n, self.get(n)?)))
    }

    /// Whether the variable is there but empty.
    #[cfg(test)]
    fn is_empty(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|v| v.trim().is_empty())
    }

    /// Whether the variable says yes: `true`, `1`, `yes`, `on`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|v| matches!(v.to_lowercase().as_str(), "true" | "1" | "yes" | "on"))
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self {
            values: pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            unfilled: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Variables {
        let process = |name: &str| match name {
            "HONEYCOMB_API_KEY" => Some("secret".to_owned()),
            _ => None,
        };
        Variables::read(text, &process).unwrap()
    }

    #[test]
    fn an_env_file_is_read_as_compose_reads_it() {
        let v = read(
            "# comment\nexport A=1\nB = \"two words\"\nC='${A}'\nD=x-honeycomb-team=${HONEYCOMB_API_KEY}\n\
             E=${NOBODY}\nF=${NOBODY:-here}\nHONEYCOMB_API_KEY\nNOBODY2\n\nG=a#b\nH=${open\n",
        );
        assert_eq!(v.get("A"), Some("1"));
        assert_eq!(v.get("B"), Some("two words"));
        assert_eq!(v.get("C"), Some("${A}"));
        assert_eq!(v.get("D"), Some("x-honeycomb-team=secret"));
        assert!(v.is_empty("E") && v.get("E").is_none());
        assert_eq!(v.unfilled, [("E".to_owned(), "NOBODY".to_owned())]);
        assert_eq!(v.get("F"), Some("here"));
        assert_eq!(v.get("HONEYCOMB_API_KEY"), Some("secret"));
        assert_eq!(v.get("NOBODY2"), None);
        assert_eq!(v.get("G"), Some("a#b"));
        assert_eq!(v.get("H"), Some("${open"));
    }

    #[test]
    fn a_line_that_is_none_is_told_by_number() {
        let error = Variables::read("A=1\nnot a line\n", &|_| None).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }
}
