//! JSON as it was sent: members keep their order, so that a payload is stored as it came.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt::{self, Write as _};

/// Deepest nesting taken (reliability.md §3).
pub const DEPTH_LIMIT: usize = 64;
/// Most values of one body.
pub const VALUES_LIMIT: usize = 1_000_000;

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// Members in order. Of two with one name both are kept and the last one is read.
    Map(Vec<(String, Self)>),
}

/// Why bytes are no JSON we take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadJson {
    /// Not JSON: what and where.
    Syntax(String),
    /// Nested too deeply, or too many values.
    TooMuch(&'static str),
}

impl Json {
    /// Reads a whole body.
    ///
    /// # Errors
    /// See [`BadJson`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJson> {
        let budget = Budget {
            values: Cell::new(0),
            too_much: Cell::new(None),
        };
        let mut de = serde_json::Deserializer::from_slice(bytes);
        let seed = Seed {
            depth: 0,
            budget: &budget,
        };
        let read = seed.deserialize(&mut de).and_then(|v| de.end().map(|()| v));
        read.map_err(|e| match budget.too_much.get() {
            Some(what) => BadJson::TooMuch(what),
            None => BadJson::Syntax(e.to_string()),
        })
    }

    /// The member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members
                .iter()
                .rev()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v),
            _ => None,
        }
    }

    /// The member of that name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        match self {
            Self::Map(members) => {
                let mut all = members.iter_mut().rev();
                all.find(|(k, _)| k == name).map(|(_, v)| v)
            }
            _ => None,
        }
    }

    /// The value at a dotted path of names; a number is a place in a list.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, name| match value {
            Self::List(list) => list.get(name.parse::<usize>().ok()?),
            _ => value.get(name),
        })
    }

    /// Its text, when it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(s) => Some(s),
            _ => None,
        }
    }

    /// Its text, a number's or a truth value's too; not empty.
    #[must_use]
    pub fn scalar_text(&self) -> Option<String> {
        let text = match self {
            Self::Text(s) => s.clone(),
            Self::Number(n) => n.to_string(),
            Self::Bool(b) => b.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// Text at a dotted path: see [`Self::scalar_text`].
    #[must_use]
    pub fn text_at(&self, path: &str) -> Option<String> {
        self.at(path)?.scalar_text()
    }

    /// Its elements; none when it is no list.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// Its members; none when it is no object.
    #[must_use]
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    /// Sets a member, the last one when there are several of the name.
    pub fn set(&mut self, name: &str, value: Self) {
        if let Some(place) = self.get_mut(name) {
            *place = value;
        } else if let Self::Map(members) = self {
            members.push((name.to_owned(), value));
        }
    }

    /// As the serialiser's own value: order of members is lost.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Number(n) => Value::Number(n.clone()),
            Self::Text(s) => Value::String(s.clone()),
            Self::List(list) => list.iter().map(Self::to_value).collect(),
            Self::Map(members) => Value::Object(
                members
                    .iter()
                    .map(|(k, v)| (k.clone(), v.to_value()))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(s) => quote(f, s),
            Self::List(list) => {
                f.write_char('[')?;
                for (i, v) in list.iter().enumerate() {
                    if i > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{v}")?;
                }
                f.write_char(']')
            }
            Self::Map(members) => {
                f.write_char('{')?;
                for (i, (k, v)) in members.iter().enumerate() {
                    if i > 0 {
                        f.write_char(',')?;
                    }
                    quote(f, k)?;
                    write!(f, ":{v}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    let mut rest = text;
    while let Some(i) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (plain, special) = rest.split_at(i);
        f.write_str(plain)?;
        let mut chars = special.chars();
        match chars.next() {
            Some('"') => f.write_str("\\\"")?,
            Some('\\') => f.write_str("\\\\")?,
            Some('\n') => f.write_str("\\n")?,
            Some('\r') => f.write_str("\\r")?,
            Some('\t') => f.write_str("\\t")?,
            Some(c) => write!(f, "\\u{:04x}", u32::from(c))?,
            None => {}
        }
        rest = chars.as_str();
    }
    f.write_str(rest)?;
    f.write_char('"')
}

struct Budget {
    values: Cell<usize>,
    too_much: Cell<Option<&'static str>>,
}

/// Reads one value at a depth.
struct Seed<'a> {
    depth: usize,
    budget: &'a Budget,
}

impl Seed<'_> {
    /// Enters a list or an object.
    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.depth >= DEPTH_LIMIT {
            true => self.refuse("nested more than 64 levels deep"),
            false => Ok(()),
        }
    }

    /// For the next value inside.
    fn inner<E: serde::de::Error>(&self) -> Result<Seed<'_>, E> {
        let values = self.budget.values.get() + 1;
        self.budget.values.set(values);
        if values > VALUES_LIMIT {
            return self.refuse("more than 1000000 values");
        }
        Ok(Seed {
            depth: self.depth + 1,
            budget: self.budget,
        })
    }

    fn refuse<T, E: serde::de::Error>(&self, what: &'static str) -> Result<T, E> {
        self.budget.too_much.set(Some(what));
        Err(E::custom(what))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<Json, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Json, E> {
        Ok(Json::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Json, E> {
        Ok(Json::Number(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Json, E> {
        Ok(Json::Number(v.into()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(v).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, v: &str) -> Result<Json, E> {
        Ok(Json::Text(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Json, E> {
        Ok(Json::Text(v))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        while let Some(v) = seq.next_element_seed(self.inner::<A::Error>()?)? {
            list.push(v);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        self.enter()?;
        let mut members = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            members.push((key, map.next_value_seed(self.inner::<A::Error>()?)?));
        }
        Ok(Json::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again_as_it_came() {
        let text = r#"{"z":1,"a":[true,null,-2.5,"q\"\\\n\u0001é"],"m":{"y":{},"x":[]}}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
        // Checked by another reader.
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_value(), value);
    }

    #[test]
    fn limits_are_told_in_words() {
        let deep = "[".repeat(65) + &"]".repeat(65);
        assert!(matches!(
            Json::parse(deep.as_bytes()),
            Err(BadJson::TooMuch(_))
        ));
        let fits = "[".repeat(64) + "1" + &"]".repeat(64);
        assert!(Json::parse(fits.as_bytes()).is_ok());
        assert!(matches!(Json::parse(b"{\"a\":"), Err(BadJson::Syntax(_))));
        assert!(matches!(Json::parse(b"{} x"), Err(BadJson::Syntax(_))));
    }

    #[test]
    fn paths_reach_into_lists() {
        let v = Json::parse(br#"{"a":{"b":[{"c":"x"},2]}}"#).unwrap();
        assert_eq!(v.text_at("a.b.0.c").as_deref(), Some("x"));
        assert_eq!(v.text_at("a.b.1").as_deref(), Some("2"));
        assert_eq!(v.text_at("a.b.2"), None);
    }
}
