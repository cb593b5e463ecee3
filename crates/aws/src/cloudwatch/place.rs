//! A line's place as clients see it: the event id, and the tokens that name where a page ended.
//!
//! An event id is 56 digits: 27 of its time in milliseconds, 29 of the low 96 bits of its identity.
//! As text it orders as the lines do: by time, then by arrival (mapping.md §2).

use super::check::bad_token;
use crate::wire::Fail;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::query::log_rows::Place;
use event::EventId;
use sha2::{Digest, Sha256};

/// Nanoseconds of a millisecond.
pub(super) const MS: i64 = 1_000_000;
/// How long a token is good, nanoseconds.
const TOKEN_AGE_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// Greatest 96-bit number.
const LOW_MAX: u128 = (1 << 96) - 1;

/// The event id of a line. The same for as long as the line exists.
#[must_use]
pub fn event_id(place: Place) -> String {
    let low = u128::from_be_bytes(place.event_id.0) & LOW_MAX;
    format!("{:027}{low:029}", (place.ts_ns / MS).max(0))
}

/// The place that an event id means.
#[must_use]
pub fn parse_event_id(id: &str) -> Option<Place> {
    if id.len() != 56 || !id.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ms: i64 = id.get(..27)?.parse().ok()?;
    let low: u128 = id.get(27..)?.parse().ok()?;
    (low <= LOW_MAX).then(|| at(ms.saturating_mul(MS), low))
}

fn at(ts_ns: i64, low: u128) -> Place {
    Place {
        ts_ns,
        event_id: EventId(low.to_be_bytes()),
    }
}

/// The place right after.
pub(super) fn after(place: Place) -> Place {
    let low = u128::from_be_bytes(place.event_id.0) & LOW_MAX;
    match low {
        LOW_MAX => at(place.ts_ns.saturating_add(MS), 0),
        low => at(place.ts_ns, low + 1),
    }
}

/// The place right before.
pub(super) fn before(place: Place) -> Place {
    let low = u128::from_be_bytes(place.event_id.0) & LOW_MAX;
    match low {
        0 => at(place.ts_ns.saturating_sub(MS), LOW_MAX),
        low => at(place.ts_ns, low - 1),
    }
}

/// A direction and a place in a stream, as `GetLogEvents` writes them: `f/…/s` means the lines
/// after it, `b/…/s` those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) backwards: bool,
    pub(super) place: Place,
}

impl Cursor {
    pub(super) fn render(self) -> String {
        let letter = if self.backwards { 'b' } else { 'f' };
        format!("{letter}/{}/s", event_id(self.place))
    }

    pub(super) fn parse(token: &str) -> Result<Self, Fail> {
        let read = || {
            let (letter, rest) = token.split_once('/')?;
            let backwards = match letter {
                "b" => true,
                "f" => false,
                _ => return None,
            };
            let place = parse_event_id(rest.strip_suffix("/s")?)?;
            Some(Self { backwards, place })
        };
        read().ok_or_else(bad_token)
    }
}

/// A token that says where a page ended; good for a day, and for the same question only.
pub(super) fn token(now: i64, question: &str, position: &str) -> String {
    let text = format!("{now}\n{}\n{position}", digest(question));
    URL_SAFE_NO_PAD.encode(text)
}

/// The position in a token of ours.
pub(super) fn position(now: i64, question: &str, token: &str) -> Result<String, Fail> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (made, rest) = text.split_once('\n')?;
        let (digest_told, position) = rest.split_once('\n')?;
        let age = now.checked_sub(made.parse().ok()?)?;
        let good = (0..TOKEN_AGE_NS).contains(&age) && digest_told == digest(question);
        good.then(|| position.to_owned())
    };
    read().ok_or_else(bad_token)
}

fn digest(question: &str) -> String {
    hex::encode(&Sha256::digest(question.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_order_as_places_do_and_read_back() {
        let places: Vec<Place> = [
            (0, 0),
            (0, 7),
            (5, 0),
            (5, 1),
            (5, LOW_MAX),
            (1_700_000_000_000, 3),
        ]
        .map(|(ms, low)| at(ms * MS, low))
        .to_vec();
        let ids: Vec<String> = places.iter().map(|p| event_id(*p)).collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 56));
        for (place, id) in places.iter().zip(&ids) {
            assert_eq!(parse_event_id(id), Some(*place));
            assert_eq!(before(after(*place)), *place);
            assert!(after(*place) > *place);
        }
        for bad in [
            "",
            "1",
            &"x".repeat(56),
            &"9".repeat(56),
            &format!("{}ü", "1".repeat(54)),
        ] {
            assert_eq!(parse_event_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_are_good_for_their_question_and_a_day() {
        let made = token(1_000, "q", "at\nhere");
        assert_eq!(position(2_000, "q", &made).as_deref(), Ok("at\nhere"));
        for bad in [
            position(2_000, "other", &made),
            position(1_000 + TOKEN_AGE_NS, "q", &made),
            position(999, "q", &made),
            position(2_000, "q", "garbage"),
            position(2_000, "q", ""),
        ] {
            assert_eq!(
                bad.unwrap_err().message,
                "The specified nextToken is invalid."
            );
        }
        let cursor = Cursor {
            backwards: true,
            place: at(5 * MS, 9),
        };
        assert_eq!(Cursor::parse(&cursor.render()), Ok(cursor));
        for bad in ["", "f/1/s", "x/1/s", "f/", &made] {
            assert!(Cursor::parse(bad).is_err());
        }
    }
}
