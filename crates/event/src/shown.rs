//! Names that strangers gave, in sentences of ours.

use std::borrow::Cow;

/// Whether it leaves a mark on a page: not white, no control, no joiner, tag, variation selector or separator of lines, and
/// nothing that turns the line around.
#[must_use]
pub fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_unseen(c)
}

/// A name in which characters that show nothing are written out (`\u{202e}`): it cannot turn the sentence around, and
/// who wonders why two names differ sees it.
#[must_use]
pub fn plainly(name: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| c.is_control() || is_unseen(c);
    if !name.contains(is_hidden) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 16);
    for c in name.chars() {
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_written_out() {
        for (name, want) in [
            ("backend flask", "backend flask"),
            ("שלום", "שלום"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{2028}b\u{e0041}", "a\\u{2028}b\\u{e0041}"),
            ("a\nb\u{200b}", "a\\u{a}b\\u{200b}"),
        ] {
            assert_eq!(plainly(name), want);
        }
        assert!(is_visible('a') && !is_visible(' ') && !is_visible('\u{feff}'));
    }
}
