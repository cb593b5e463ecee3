//! Which keys get a column of their own in a part, and which share the overflow maps
//! (storage.md §2.2).

use crate::part::{AttrColumn, Columns};
use event::{Fixed, Type};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// A string attribute with fewer distinct values than this gets statistics.
pub(crate) const STATISTICS_DISTINCT_LIMIT: usize = 64;

/// What is known of one typed key in the rows of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fill {
    /// Rows that have it.
    pub rows: u64,
    /// Whether its text takes too many values for statistics to help.
    pub many: bool,
}

/// A typed key, borrowed: looks [`Fills::attrs`] up without an allocation.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct KeyType<'a>(pub &'a str, pub Type);

impl hashbrown::Equivalent<(Arc<str>, Type)> for KeyType<'_> {
    fn equivalent(&self, other: &(Arc<str>, Type)) -> bool {
        self.0 == &*other.0 && self.1 == other.1
    }
}

/// Rows filled, by column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fills {
    pub fixed: [u64; Fixed::ALL.len()],
    pub attrs: HashMap<(Arc<str>, Type), Fill, ahash::RandomState>,
}

/// Keys that come before others, whatever their fill: pinned by users, or used by questions of the
/// last 7 days.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preferred {
    pub pinned: HashSet<Arc<str>>,
    pub queried: HashSet<Arc<str>>,
}

/// Chooses the columns of a part: pinned keys first, then queried ones, then by rows filled.
pub(crate) fn choose(fills: Fills, preferred: &Preferred, limit: usize) -> Columns {
    let fixed = Fixed::ALL
        .into_iter()
        .filter(|f| fills.fixed[*f as usize] > 0)
        .collect();
    let mut ranked: Vec<_> = fills
        .attrs
        .into_iter()
        .filter(|(_, fill)| fill.rows > 0)
        .map(|((key, ty), fill)| {
            let class = if preferred.pinned.contains(&key) {
                0
            } else if preferred.queried.contains(&key) {
                1
            } else {
                2
            };
            (class, std::cmp::Reverse(fill.rows), key, ty, fill.many)
        })
        .collect();
    ranked.sort_unstable();
    let rest = ranked.split_off(limit.min(ranked.len()));
    let mut attrs: Vec<AttrColumn> = ranked
        .into_iter()
        .map(|(_, _, key, ty, many)| AttrColumn {
            key,
            ty,
            statistics: ty != Type::Str || !many,
        })
        .collect();
    attrs.sort_unstable_by(|a, b| (&a.key, a.ty).cmp(&(&b.key, b.ty)));
    let mut overflow: Vec<(Arc<str>, Type)> = rest
        .into_iter()
        .map(|(_, _, key, ty, _)| (key, ty))
        .collect();
    overflow.sort_unstable();
    Columns {
        fixed,
        attrs,
        overflow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_then_queried_then_the_fullest_keys_get_columns() {
        let mut fills = Fills::default();
        for (key, rows) in [
            ("full", 100),
            ("half", 50),
            ("rare", 1),
            ("asked", 2),
            ("none", 0),
        ] {
            let fill = Fill { rows, many: false };
            fills.attrs.insert((key.into(), Type::Int), fill);
        }
        let preferred = Preferred {
            pinned: ["rare".into()].into_iter().collect(),
            queried: ["asked".into()].into_iter().collect(),
        };
        let columns = choose(fills, &preferred, 3);
        let names: Vec<_> = columns.attrs.iter().map(|a| &*a.key).collect();
        assert_eq!(names, ["asked", "full", "rare"]);
        assert_eq!(columns.overflow, [("half".into(), Type::Int)]);
    }
}
