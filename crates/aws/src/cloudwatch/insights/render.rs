//! Values as the vendor writes them: every one is text (cloudwatch.md §7.6).

use engine::query::pipeline::{Outcome, Value};

/// A value; `None` when it is missing: its field is left out. Computed doubles have four decimals at
/// most (below 0.1 four digits), stored ones all they have.
#[must_use]
pub fn value(value: &Value<'_>, stored: bool) -> Option<String> {
    match value {
        Value::Float(x) if !stored => Some(double(*x)),
        other => other.text().map(|t| t.into_owned()),
    }
}

fn double(x: f64) -> String {
    let decimals = if x.abs() >= 0.1 || x == 0.0 {
        4
    } else {
        // The place of the first digit, and three more.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a double has at most 324 zeros after its point"
        )]
        let zeros = (-x.abs().log10()).floor() as usize;
        zeros + 4
    };
    let text = format!("{x:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

/// A row: its fields in the order of the query, those without a value left out.
#[must_use]
pub fn row(outcome: &Outcome, row: &[Value<'_>]) -> Vec<(String, String)> {
    let cells = outcome.columns.iter().zip(row);
    cells
        .filter_map(|(column, cell)| Some((column.name.clone(), value(cell, column.stored)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_doubles_are_short_and_stored_ones_whole() {
        for (x, computed, stored) in [
            (229.0, "229", "229"),
            (3.0 / 7.0, "0.4286", "0.42857142857142855"),
            (1234.56789, "1234.5679", "1234.56789"),
            (0.000_012_345_6, "0.00001235", "0.0000123456"),
            (-0.05, "-0.05", "-0.05"),
            (1e14 + 0.5, "100000000000000.5", "100000000000000.5"),
            (0.0, "0", "0"),
        ] {
            assert_eq!(value(&Value::Float(x), false).unwrap(), computed);
            assert_eq!(value(&Value::Float(x), true).unwrap(), stored);
        }
        assert_eq!(value(&Value::Missing, true), None);
        assert_eq!(value(&Value::Flag(true), false).unwrap(), "1");
        assert_eq!(value(&Value::Bool(true), true).unwrap(), "true");
        assert_eq!(
            value(&Value::Time(1_500_000_000), false).unwrap(),
            "1970-01-01 00:00:01.500"
        );
    }
}
