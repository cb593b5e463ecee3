//! Variables that are nobody's, and one or two letters from one that would be read.

use super::finding::Finding;
use super::variables::Variables;

/// Names the four SDKs read, as far as a misspelt one would keep data away, and near ones that are
/// right.
const KNOWN: &[&str] = &[
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_LOG_LEVEL",
    "OTEL_PROPAGATORS",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    "AWS_XRAY_DAEMON_ADDRESS",
    "AWS_XRAY_URL",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_TRACING_NAME",
    "AWS_XRAY_SDK_ENABLED",
    "AWS_XRAY_DEBUG_MODE",
    "AWS_XRAY_LOG_LEVEL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_DEFAULT_OUTPUT",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_LOGS",
    "AWS_ENDPOINT_URL_XRAY",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "HONEYCOMB_API_KEY",
    "ROLLBAR_ACCESS_TOKEN",
    "ROLLBAR_ENDPOINT",
];

/// Most letters that may differ.
const LETTERS: usize = 2;

/// Variables that look like one of these and are none.
pub(crate) fn judge(v: &Variables) -> Vec<Finding> {
    let families = ["OTEL", "OTLP", "AWS_", "HONEY", "ROLLB"];
    let mut out = Vec::new();
    for name in v.names() {
        if KNOWN.contains(&name) || !families.iter().any(|f| name.starts_with(f)) {
            continue;
        }
        let near = KNOWN
            .iter()
            .map(|k| (distance(name, k), *k))
            .filter(|(d, k)| *d <= LETTERS && v.get(k).is_none())
            .min();
        if let Some((_, meant)) = near {
            out.push(Finding::error(
                "misspelt_variable",
                Some(name),
                format!("nobody reads it; {meant} is read, and is not set"),
                format!("write {meant}"),
            ));
        }
    }
    for (name, other) in &v.unfilled {
        out.push(Finding::warning(
            "unfilled",
            Some(name),
            format!("it is made from {other}, which is not set"),
            format!("set {other}"),
        ));
    }
    out
}

/// Letters to add, take out, change or swap with their neighbour to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > LETTERS {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_variables_are_named_with_what_was_meant() {
        for (name, meant) in [
            (
                "OTEL_EXPORTER_OLTP_ENDPOINT",
                Some("OTEL_EXPORTER_OTLP_ENDPOINT"),
            ),
            (
                "OTEL_EXPORTER_OTLP_HEADER",
                Some("OTEL_EXPORTER_OTLP_HEADERS"),
            ),
            ("AWS_XRAY_DEAMON_ADDRESS", Some("AWS_XRAY_DAEMON_ADDRESS")),
            ("ROLLBAR_ACESS_TOKEN", Some("ROLLBAR_ACCESS_TOKEN")),
            ("AWS_ENDPOINT_URL_LOGS", None),
            ("AWS_EXECUTION_ENV", None),
            ("OTEL_PYTHON_LOG_CORRELATION", None),
        ] {
            let found = judge(&Variables::of(&[(name, "x")]));
            assert_eq!(found.len(), usize::from(meant.is_some()), "{name}");
            if let Some(meant) = meant {
                assert_eq!(found[0].fix, format!("write {meant}"));
            }
        }
        // Where the right one is set, the other is somebody else's.
        let both = [("AWS_REGION", "x"), ("AWS_REGIONS", "y")];
        assert!(judge(&Variables::of(&both)).is_empty());
    }

    #[test]
    fn distances() {
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("OLTP", "OTLP"), 1);
        assert_eq!(distance("abc", "ac"), 1);
        assert_eq!(distance("abc", "xbcd"), 2);
        assert_eq!(distance("a", "abcd"), usize::MAX);
    }
}
