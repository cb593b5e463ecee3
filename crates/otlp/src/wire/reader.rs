//! The protobuf wire format, read in place.

use super::{MESSAGE_DEPTH_LIMIT, Malformed};
use std::borrow::Cow;

/// A cursor over one message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    rest: &'a [u8],
    name: &'static str,
}

/// A field's value as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

impl<'a> Field<'a> {
    /// The content of a length-delimited field.
    ///
    /// # Errors
    /// [`Malformed`] when the field has another wire type.
    #[inline]
    pub fn bytes(self, of: &Message<'_>) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(b) => Ok(b),
            _ => Err(of.wrong_type("length-delimited")),
        }
    }

    /// The value of a varint field.
    ///
    /// # Errors
    /// [`Malformed`] when the field has another wire type.
    #[inline]
    pub fn varint(self, of: &Message<'_>) -> Result<u64, Malformed> {
        match self {
            Self::Varint(n) => Ok(n),
            _ => Err(of.wrong_type("a varint")),
        }
    }

    /// The value of a 64-bit field.
    ///
    /// # Errors
    /// [`Malformed`] when the field has another wire type.
    #[inline]
    pub fn fixed64(self, of: &Message<'_>) -> Result<u64, Malformed> {
        match self {
            Self::Fixed64(n) => Ok(n),
            _ => Err(of.wrong_type("64 bits wide")),
        }
    }

    /// The value of a 32-bit field.
    ///
    /// # Errors
    /// [`Malformed`] when the field has another wire type.
    #[inline]
    pub fn fixed32(self, of: &Message<'_>) -> Result<u32, Malformed> {
        match self {
            Self::Fixed32(n) => Ok(n),
            _ => Err(of.wrong_type("32 bits wide")),
        }
    }
}

impl<'a> Message<'a> {
    /// A cursor at the start of `bytes`; `name` is for error texts.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { rest: bytes, name }
    }

    /// The next field, `None` at the end. Groups, which no OTLP message has, are skipped.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end inside a field or a tag is impossible.
    #[inline]
    pub fn next_field(&mut self) -> Result<Option<(u32, Field<'a>)>, Malformed> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let (number, wire_type) = self.tag()?;
            let field = match wire_type {
                0 => Field::Varint(self.read_varint()?),
                1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
                2 => Field::Bytes(self.delimited()?),
                5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
                3 => {
                    self.skip_group()?;
                    continue;
                }
                other => return Err(self.error(format!("impossible wire type {other}"))),
            };
            return Ok(Some((number, field)));
        }
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let tag = self.read_varint()?;
        let number = u32::try_from(tag >> 3).unwrap_or(u32::MAX);
        if number == 0 || number > 0x1fff_ffff {
            return Err(self.error(format!("impossible field number {}", tag >> 3)));
        }
        Ok((number, (tag & 7) as u8))
    }

    #[inline]
    pub(super) fn read_varint(&mut self) -> Result<u64, Malformed> {
        match self.rest.split_first() {
            Some((b, rest)) if *b < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*b))
            }
            _ => self.read_long_varint(),
        }
    }

    fn read_long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (i, b) in self.rest.iter().take(10).enumerate() {
            if i == 9 && *b > 1 {
                break;
            }
            value |= u64::from(b & 0x7f) << (7 * i);
            if *b < 0x80 {
                self.rest = self.rest.get(i + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(self.error(if self.rest.len() < 10 {
            "truncated inside a number"
        } else {
            "number longer than 64 bits"
        }))
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.error("truncated inside a number"));
        };
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
    fn delimited(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.read_varint()?;
        let parts = usize::try_from(length)
            .ok()
            .and_then(|n| self.rest.split_at_checked(n));
        let Some((head, rest)) = parts else {
            return Err(self.error(format!(
                "truncated: a field of {length} bytes with {} left",
                self.rest.len()
            )));
        };
        self.rest = rest;
        Ok(head)
    }

    fn skip_group(&mut self) -> Result<(), Malformed> {
        let mut depth = 1usize;
        while depth > 0 {
            if self.rest.is_empty() {
                return Err(self.error("truncated inside a group"));
            }
            match self.tag()?.1 {
                0 => drop(self.read_varint()?),
                1 => drop(self.array::<8>()?),
                2 => drop(self.delimited()?),
                5 => drop(self.array::<4>()?),
                3 => depth += 1,
                4 => depth -= 1,
                other => return Err(self.error(format!("impossible wire type {other}"))),
            }
            if depth > MESSAGE_DEPTH_LIMIT {
                return Err(Malformed::deep(format!(
                    "messages are nested deeper than {MESSAGE_DEPTH_LIMIT}"
                )));
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong_type(&self, want: &str) -> Malformed {
        self.error(format!("a known field is not {want}, before the place"))
    }

    #[cold]
    pub(super) fn error(&self, what: impl Into<String>) -> Malformed {
        Malformed::new(what, self.name, self.rest)
    }

    /// Reads the elements of a packed or single varint field.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end inside a number.
    pub fn for_each_varint(
        &self,
        field: Field<'a>,
        mut f: impl FnMut(u64),
    ) -> Result<(), Malformed> {
        match field {
            Field::Varint(n) => f(n),
            Field::Bytes(b) => {
                let mut packed = Self::new(b, self.name);
                while !packed.rest.is_empty() {
                    f(packed.read_varint()?);
                }
            }
            _ => return Err(self.wrong_type("a varint")),
        }
        Ok(())
    }

    /// Reads the elements of a packed or single 64-bit field.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end inside a number.
    pub fn for_each_fixed64(
        &self,
        field: Field<'a>,
        mut f: impl FnMut(u64),
    ) -> Result<(), Malformed> {
        match field {
            Field::Fixed64(n) => f(n),
            Field::Bytes(b) => {
                let mut packed = Self::new(b, self.name);
                while !packed.rest.is_empty() {
                    f(u64::from_le_bytes(packed.array()?));
                }
            }
            _ => return Err(self.wrong_type("64 bits wide")),
        }
        Ok(())
    }
}

/// The length-delimited fields of certain numbers of one message, in order.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    message: Message<'a>,
    numbers: &'static [u32],
}

impl<'a> Fields<'a> {
    /// The fields of `bytes` with one of `numbers`.
    #[must_use]
    pub fn new(bytes: &'a [u8], name: &'static str, numbers: &'static [u32]) -> Self {
        Self {
            message: Message::new(bytes, name),
            numbers,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<&'a [u8], Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.message.next_field() {
                Ok(None) => return None,
                Ok(Some((n, field))) if self.numbers.contains(&n) => {
                    return Some(field.bytes(&self.message));
                }
                Ok(Some(_)) => {}
                Err(e) => {
                    self.message.rest = &[];
                    return Some(Err(e));
                }
            }
        }
    }
}

/// Bytes of a protobuf `string` as text. Senders that cut text inside a character exist; what is no
/// UTF-8 becomes U+FFFD rather than costing the whole request.
#[inline]
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(s) => Cow::Borrowed(s),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
