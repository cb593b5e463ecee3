//! Segment documents, as sent: one JSON object per (sub)segment, children inside.
//!
//! What every segment must have is checked; everything else is taken as far as it can be read. A field
//! of the wrong type, `null` or an empty text is as if it were not there: it is counted, the document
//! stays as it came. Numbers of times are read from their decimal text ([`decimal`]).
//!
//! Source: X-Ray developer guide, "Segment documents"; xray.md §2 tells what clients really send.

pub mod decimal;
mod fields;

pub use fields::{Cause, Exception, Frame, Http, Part};

use event::{SpanId, TraceId};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Longest document over the signed API, bytes (reliability.md §3).
pub const DOCUMENT_BYTES_LIMIT: usize = 256 << 10;
/// Deepest nesting of subsegments.
const DEPTH_LIMIT: usize = 64;
/// Longest name, characters.
const NAME_CHARS: usize = 200;

/// Members of an object in their own text.
pub(crate) type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Why a document is refused, in the vendor's words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Id of the top segment, where it could be read.
    pub id: Option<String>,
    /// `MissingId`, `InvalidTraceId`, …
    pub code: &'static str,
    /// A subsegment is at fault.
    pub nested: bool,
    /// More than the code says: where, what was expected.
    pub detail: String,
}

impl Refused {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            id: None,
            code,
            nested: false,
            detail: detail.into(),
        }
    }

    /// The message as the vendor writes it, with our detail behind it.
    #[must_use]
    pub fn message(&self, index: Option<usize>) -> String {
        let what = if self.nested {
            format!("Invalid subsegment. ErrorCode: {}, Cause: null", self.code)
        } else {
            format!("Invalid segment. ErrorCode: {}", self.code)
        };
        match (index, self.detail.as_str()) {
            (Some(i), "") => format!("{what} (document {i})"),
            (Some(i), detail) => format!("{what} (document {i}, {detail})"),
            (None, "") => what,
            (None, detail) => format!("{what} ({detail})"),
        }
    }
}

/// A document: a segment, or a subsegment on its own, with what is inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The trace.
    pub trace_id: TraceId,
    /// Whether its top is a subsegment sent on its own.
    pub independent: bool,
    /// Parts, the top first, parents before children.
    pub parts: Vec<Part>,
    /// Fields passed over because their values are of another type than they should be.
    pub passed_over: u32,
}

impl Document {
    /// The top.
    #[must_use]
    pub fn top(&self) -> &Part {
        &self.parts[0]
    }
}

/// Takes a text apart into its documents: one object, or an array of them.
///
/// # Errors
/// `ParseError` with the place.
pub fn split(text: &str) -> Result<Vec<&str>, Refused> {
    let parse = |e: serde_json::Error| {
        Refused::new(
            "ParseError",
            format!("byte {}: {e}", byte_of(text, e.line(), e.column())),
        )
    };
    if text.trim_start().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(text).map_err(parse)?;
        if list.is_empty() {
            return Err(Refused::new("MissingId", "an empty array"));
        }
        return Ok(list.into_iter().map(RawValue::get).collect());
    }
    Ok(vec![text])
}

fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    before + column
}

/// Reads one document.
///
/// # Errors
/// What every segment must have is missing, or it is no JSON object.
pub fn read(text: &str) -> Result<Document, Refused> {
    if text.len() > DOCUMENT_BYTES_LIMIT {
        return Err(Refused::new(
            "InvalidSegmentSize",
            format!("{} bytes, at most {DOCUMENT_BYTES_LIMIT}", text.len()),
        ));
    }
    let members: Members<'_> = serde_json::from_str(text).map_err(|e| {
        Refused::new(
            "ParseError",
            format!("byte {}: {e}", byte_of(text, e.line(), e.column())),
        )
    })?;
    let id = text_of(&members, "id").filter(|id| !id.is_empty());
    let with_id = |mut refused: Refused| {
        refused.id.clone_from(&id);
        refused
    };
    if id.is_none() {
        return Err(Refused::new("MissingId", ""));
    }
    let trace_id = trace_id(&members).map_err(with_id)?;
    let is_sub = text_of(&members, "type").as_deref() == Some("subsegment");
    let mut reader = Reader {
        parts: Vec::new(),
        passed_over: 0,
    };
    reader.part(&members, None, 0).map_err(with_id)?;
    if is_sub && reader.parts[0].parent_id.is_none() {
        return Err(with_id(Refused::new(
            "InvalidParentId",
            "a subsegment on its own needs parent_id",
        )));
    }
    reader.resolve_causes();
    Ok(Document {
        trace_id,
        independent: is_sub,
        parts: reader.parts,
        passed_over: reader.passed_over,
    })
}

fn trace_id(members: &Members<'_>) -> Result<TraceId, Refused> {
    let text = text_of(members, "trace_id").filter(|t| !t.is_empty());
    let text = text.ok_or_else(|| Refused::new("MissingTraceId", ""))?;
    let id = (text.len() == 35).then(|| TraceId::parse(&text)).flatten();
    id.filter(|id| id.0 != [0; 16]).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Refused::new(
            "InvalidTraceId",
            format!("{shown:?} is not 1-8-24 hex digits"),
        )
    })
}

/// A member's text, when it is a text.
pub(crate) fn text_of(members: &Members<'_>, name: &str) -> Option<String> {
    serde_json::from_str(members.get(name)?.get()).ok()
}

struct Reader {
    parts: Vec<Part>,
    passed_over: u32,
}

impl Reader {
    /// Reads a (sub)segment and what is inside it.
    fn part(
        &mut self,
        members: &Members<'_>,
        parent: Option<usize>,
        depth: usize,
    ) -> Result<(), Refused> {
        let nested = parent.is_some();
        let refuse = |code, detail: &str| {
            Err(Refused {
                nested,
                ..Refused::new(code, detail)
            })
        };
        let Some(id) = text_of(members, "id").filter(|t| !t.is_empty()) else {
            return refuse("MissingId", "");
        };
        let Some(span_id) = SpanId::parse(&id).filter(|id| id.0 != [0; 8]) else {
            let shown: String = id.chars().take(32).collect();
            return refuse("InvalidId", &format!("{shown:?} is not 16 hex digits"));
        };
        let Some(name) = text_of(members, "name").filter(|n| !n.trim().is_empty()) else {
            return refuse("MissingName", &format!("id {id}"));
        };
        let time = |field: &str| members.get(field).and_then(|raw| decimal::nanos(raw.get()));
        let Some(start_ns) = time("start_time") else {
            return refuse("MissingStartTime", &format!("id {id}"));
        };
        let in_progress = flag_of(members, "in_progress") == Some(true);
        let end_ns = time("end_time");
        if end_ns.is_none() && !in_progress {
            return refuse("MissingEndTime", &format!("id {id}"));
        }
        let parent_id = match parent {
            Some(p) => Some(self.parts[p].span_id),
            None => text_of(members, "parent_id").and_then(|p| SpanId::parse(&p)),
        };
        let mut part = Part::new(
            span_id,
            parent_id,
            name.chars().take(NAME_CHARS).collect(),
            start_ns,
            // An end says that it has ended, whatever else is said.
            end_ns,
        );
        part.parent = parent;
        self.passed_over += part.read_optional(members);
        let place = self.parts.len();
        self.parts.push(part);
        let Some(children) = members.get("subsegments") else {
            return Ok(());
        };
        let Ok(children) = serde_json::from_str::<Vec<&RawValue>>(children.get()) else {
            self.passed_over += 1;
            return Ok(());
        };
        if depth == DEPTH_LIMIT && !children.is_empty() {
            return refuse(
                "InvalidSegmentSize",
                &format!("subsegments are nested deeper than {DEPTH_LIMIT}"),
            );
        }
        for child in children {
            let Ok(child) = serde_json::from_str::<Members<'_>>(child.get()) else {
                self.passed_over += 1;
                continue;
            };
            self.part(&child, Some(place), depth + 1)?;
        }
        Ok(())
    }

    /// A cause told by the id of an exception recorded elsewhere in the document becomes that exception.
    fn resolve_causes(&mut self) {
        let recorded: BTreeMap<String, Exception> = self
            .parts
            .iter()
            .filter_map(|p| match &p.cause {
                Some(Cause::Recorded(list)) => Some(list),
                _ => None,
            })
            .flatten()
            .filter_map(|e| Some((e.id.clone()?, e.clone())))
            .collect();
        for part in &mut self.parts {
            if let Some(Cause::Elsewhere(id)) = &part.cause
                && let Some(exception) = recorded.get(id)
            {
                part.cause = Some(Cause::Recorded(vec![exception.clone()]));
            }
        }
    }
}

/// A member's truth value, when it is one.
pub(crate) fn flag_of(members: &Members<'_>, name: &str) -> Option<bool> {
    serde_json::from_str(members.get(name)?.get()).ok()
}

#[cfg(test)]
mod tests;
