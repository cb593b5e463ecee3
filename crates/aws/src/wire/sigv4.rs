//! Signature Version 4, as far as a server needs it: reading the header, and computing what the
//! signature should be. Pure: clock, keys and routes are the caller's.
//!
//! Source: cloudwatch.md §3 (the public description of SigV4, vectors recomputed), reliability.md §6.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use subtle::ConstantTimeEq;

/// The only algorithm there is for keys with a shared secret.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What a body's hash may be replaced by where the way is trusted.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// RFC 3986 unreserved characters stay, all others are encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// As [`ENCODED`], for a path, whose slashes stay.
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// What is wrong with the form of a signature: told as the vendor tells it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No header at all, or another scheme.
    #[error("Missing Authentication Token")]
    Missing,
    /// The signature stands in the query.
    #[error(
        "Missing Authentication Token: a presigned URL is not taken here, sign the request's headers"
    )]
    Presigned,
    /// Something of the header is missing or has the wrong shape.
    #[error("{0}")]
    Incomplete(String),
}

/// A signature as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The access key's id.
    pub key_id: String,
    /// `yyyymmdd` of the scope.
    pub date: String,
    /// Region of the scope: an attribute, nothing is decided by it.
    pub region: String,
    /// Service of the scope.
    pub service: String,
    /// The time of the request, nanoseconds since 1970.
    pub time_ns: i64,
    /// That time as signed, `yyyymmddThhmmssZ`.
    stamp: String,
    signed_headers: Vec<String>,
    signature: [u8; 32],
}

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// As sent, upper case.
    pub method: &'a str,
    /// Raw path, as sent.
    pub path: &'a str,
    /// Raw query, as sent.
    pub query: Option<&'a str>,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The host as the client wrote it, for protocols where it is no header.
    pub host: Option<&'a str>,
    /// Hex of the body's hash, or [`UNSIGNED_PAYLOAD`].
    pub payload: &'a str,
}

impl Signature {
    /// Reads the signature of a request's head.
    ///
    /// # Errors
    /// See [`Malformed`].
    pub fn read(headers: &HeaderMap, query: Option<&str>) -> Result<Self, Malformed> {
        let Some(header) = headers.get(http::header::AUTHORIZATION) else {
            return Err(if query.is_some_and(is_presigned) {
                Malformed::Presigned
            } else {
                Malformed::Missing
            });
        };
        let header = header
            .to_str()
            .map_err(|_| incomplete("Authorization header is no text"))?;
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme != ALGORITHM {
            return Err(match scheme.starts_with("AWS4") {
                true => incomplete(&format!("Unsupported algorithm '{scheme}': {ALGORITHM} is")),
                false => Malformed::Missing,
            });
        }
        let part = |name: &str| {
            let mut parts = rest.split(',').map(str::trim);
            parts
                .find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
                .filter(|v| !v.is_empty())
                .ok_or_else(|| {
                    incomplete(&format!(
                        "Authorization header requires '{name}' parameter."
                    ))
                })
        };
        let (credential, signed, hex) = (
            part("Credential")?,
            part("SignedHeaders")?,
            part("Signature")?,
        );
        let stamp = text(headers, "x-amz-date").or_else(|| text(headers, "date"));
        let stamp = stamp.ok_or_else(|| {
            incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        })?;
        let mut signature = [0u8; 32];
        hex::decode_to_slice(hex, &mut signature)
            .map_err(|_| incomplete("Signature must be 64 hex digits"))?;
        // From the right: a key id may hold a slash.
        let scope: Vec<&str> = credential.rsplitn(5, '/').collect();
        let [terminal, service, region, date, key_id] = scope[..] else {
            return Err(incomplete(
                "Credential must have 5 parts: key id/date/region/service/aws4_request",
            ));
        };
        if terminal != "aws4_request" || [service, region, date, key_id].contains(&"") {
            return Err(incomplete(
                "Credential must be key id/date/region/service/aws4_request",
            ));
        }
        let time_ns = parse_stamp(stamp)
            .ok_or_else(|| incomplete("the date must be in the form yyyymmddThhmmssZ"))?;
        if !stamp.starts_with(date) {
            return Err(incomplete(&format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{stamp}'"
            )));
        }
        let signed_headers: Vec<String> = signed.split(';').map(str::to_lowercase).collect();
        let has = |name: &str| signed_headers.iter().any(|h| h == name);
        let dated = has("x-amz-date") || (!headers.contains_key("x-amz-date") && has("date"));
        let target = !headers.contains_key("x-amz-target") || has("x-amz-target");
        if !has("host") || !dated || !target {
            return Err(incomplete(
                "'host', the date and 'x-amz-target' must be 'SignedHeader's in the AWS Authorization.",
            ));
        }
        Ok(Self {
            key_id: key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            time_ns,
            stamp: stamp.to_owned(),
            signed_headers,
            signature,
        })
    }

    /// Whether this signature is the one that `secret` gives. Compares in constant time.
    #[must_use]
    pub fn holds(&self, request: &Signed<'_>, secret: &str) -> bool {
        let computed = self.computed(request, secret);
        computed.ct_eq(&self.signature).into()
    }

    /// `yyyymmdd/region/service/aws4_request`.
    #[must_use]
    pub fn scope(&self) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            self.date, self.region, self.service
        )
    }

    pub(super) fn computed(&self, request: &Signed<'_>, secret: &str) -> [u8; 32] {
        let canonical = Sha256::digest(self.canonical(request).as_bytes());
        let text = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            self.stamp,
            self.scope(),
            hex::encode(canonical)
        );
        let first = format!("AWS4{secret}");
        let key = [&self.date, &self.region, &self.service, "aws4_request"]
            .iter()
            .fold(first.into_bytes(), |key, part| {
                hmac(&key, part.as_bytes()).to_vec()
            });
        hmac(&key, text.as_bytes())
    }

    /// The canonical request.
    fn canonical(&self, request: &Signed<'_>) -> String {
        let path = match request.path {
            "" => "/".to_owned(),
            path => utf8_percent_encode(path, ENCODED_PATH).to_string(),
        };
        let mut out = format!(
            "{}\n{path}\n{}\n",
            request.method,
            canonical_query(request.query.unwrap_or_default())
        );
        for name in &self.signed_headers {
            out.push_str(name);
            out.push(':');
            let mut values = request.headers.get_all(name.as_str()).iter();
            match (values.next(), name.as_str(), request.host) {
                (None, "host", Some(host)) => out.push_str(host),
                (first, _, _) => {
                    for (i, value) in first.into_iter().chain(values).enumerate() {
                        if i > 0 {
                            out.push(',');
                        }
                        let value = String::from_utf8_lossy(value.as_bytes());
                        push_collapsed(&mut out, &value);
                    }
                }
            }
            out.push('\n');
        }
        let _ = write!(
            out,
            "\n{}\n{}",
            self.signed_headers.join(";"),
            request.payload
        );
        out
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn incomplete(why: &str) -> Malformed {
    Malformed::Incomplete(why.to_owned())
}

fn is_presigned(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.starts_with("X-Amz-Signature=") || pair.starts_with("X-Amz-Algorithm="))
}

/// The value without space around it, runs of spaces inside as one.
fn push_collapsed(out: &mut String, value: &str) {
    for (i, word) in value.split_whitespace().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Keys and values decoded, encoded again, and sorted.
fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let plain: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&plain, ENCODED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(n, v)| format!("{n}={v}")).collect();
    pairs.join("&")
}

/// Nanoseconds of `yyyymmddThhmmssZ`.
fn parse_stamp(stamp: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    i64::try_from(time.timestamp().as_nanosecond()).ok()
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length: the error cannot come.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(data);
            mac.finalize().into_bytes().into()
        }
        Err(_) => [0; 32],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap()))
            .collect()
    }

    fn check_vector(head: &[(&'static str, &str)], body: &str, canonical: &str, signature: &str) {
        let headers = headers(head);
        let sent = Signature::read(&headers, None).unwrap();
        let payload = hex::encode(Sha256::digest(body.as_bytes()));
        let signed = Signed {
            method: "POST",
            path: "/",
            query: None,
            headers: &headers,
            host: None,
            payload: &payload,
        };
        let hash = Sha256::digest(sent.canonical(&signed).as_bytes());
        assert_eq!(hex::encode(hash), canonical);
        assert_eq!(hex::encode(sent.computed(&signed, "secret")), signature);
        assert!(sent.holds(&signed, "secret"));
        assert!(!sent.holds(&signed, "Secret"));
        let other = hex::encode(Sha256::digest(b"{}"));
        let forged = Signed {
            payload: &other,
            ..signed
        };
        assert!(!sent.holds(&forged, "secret"), "another body");
        let path = Signed {
            path: "/x",
            ..signed
        };
        assert!(!sent.holds(&path, "secret"), "another path");
    }

    /// cloudwatch.md §3, vector 1: boto3 1.44, DescribeLogGroups.
    #[test]
    fn vector_of_logs() {
        check_vector(
            &[
                ("host", "127.0.0.1:18080"),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-date", "20261120T091510Z"),
                ("x-amz-target", "Logs_20140328.DescribeLogGroups"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/logs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=446a19493f3b3a8874e611e62956aec3ca3cde8ee3a11c638b45bd9a7f71993c",
                ),
            ],
            r#"{"logGroupNamePrefix": "cruddur"}"#,
            "1fb458c6bc44a02ac9d51fc6aca2caeee4fa9be0011c9f770c554c7e4788cf7f",
            "446a19493f3b3a8874e611e62956aec3ca3cde8ee3a11c638b45bd9a7f71993c",
        );
    }

    /// cloudwatch.md §3, vector 2: boto3 1.44, ListMetrics.
    #[test]
    fn vector_of_metrics() {
        check_vector(
            &[
                ("host", "127.0.0.1:18083"),
                ("content-type", "application/x-amz-json-1.0"),
                ("x-amz-date", "20261120T091519Z"),
                ("x-amz-target", "GraniteServiceVersion20100801.ListMetrics"),
                ("x-amzn-query-mode", "true"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/monitoring/aws4_request,SignedHeaders=content-type;host;x-amz-date;x-amz-target;x-amzn-query-mode,Signature=0c4140aa5a0eda0de30b9fcb595f4321eb51df4d9dcabf86cdf24f2c7a2fd943",
                ),
            ],
            r#"{"Namespace": "App"}"#,
            "c5cc0409416261f4184d6400bbe31f5741a66fde77443b6c53af5f044bf7dd69",
            "0c4140aa5a0eda0de30b9fcb595f4321eb51df4d9dcabf86cdf24f2c7a2fd943",
        );
    }

    const SIGNATURE: &str = "446a19493f3b3a8874e611e62956aec3ca3cde8ee3a11c638b45bd9a7f71993c";

    fn read(authorization: &str, more: &[(&'static str, &str)]) -> Result<Signature, Malformed> {
        let mut head = headers(&[("x-amz-date", "20261120T091510Z")]);
        if !authorization.is_empty() {
            head.insert("authorization", authorization.parse().unwrap());
        }
        head.extend(headers(more).into_iter().filter_map(|(n, v)| Some((n?, v))));
        Signature::read(&head, None)
    }

    #[test]
    fn a_header_is_read_with_and_without_spaces_and_in_any_order() {
        let spaced = read(
            &format!("AWS4-HMAC-SHA256 Signature={SIGNATURE} , Credential=AKID/20261120/eu-west-1/logs/aws4_request ,SignedHeaders=host;x-amz-date"),
            &[],
        )
        .unwrap();
        assert_eq!(
            (spaced.key_id.as_str(), spaced.region.as_str()),
            ("AKID", "eu-west-1")
        );
        // 2026-11-20T09:15:10Z: `date -u -d ... +%s`.
        assert_eq!(spaced.time_ns, 1_795_166_110_000_000_000);
    }

    #[test]
    fn what_is_missing_is_named() {
        let full = |credential: &str, signed: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={SIGNATURE}"
            )
        };
        let good = "AKID/20261120/us-east-1/logs/aws4_request";
        assert!(read(&full(good, "host;x-amz-date"), &[]).is_ok());
        assert_eq!(read("", &[]), Err(Malformed::Missing));
        assert_eq!(read("Bearer abc", &[]), Err(Malformed::Missing));
        for bad in [
            "AWS4-HMAC-SHA256".to_owned(),
            "AWS4-ECDSA-P256-SHA256 Credential=a".to_owned(),
            "AWS4-HMAC-SHA256 Credential=AKID/20261120/us-east-1/logs/aws4_request".to_owned(),
            full("AKID/20261120/us-east-1/logs", "host;x-amz-date"),
            full("AKID/20261120//logs/aws4_request", "host;x-amz-date"),
            full(
                "AKID/20261121/us-east-1/logs/aws4_request",
                "host;x-amz-date",
            ),
            full(good, "x-amz-date"),
            full(good, "host"),
            full(good, "host;x-amz-date").replace("446a", "zz"),
        ] {
            let got = read(&bad, &[]);
            assert!(
                matches!(got, Err(Malformed::Incomplete(_))),
                "{bad}: {got:?}"
            );
        }
        let unsigned_target = read(
            &full(good, "host;x-amz-date"),
            &[("x-amz-target", "Logs_20140328.DescribeLogGroups")],
        );
        assert!(matches!(unsigned_target, Err(Malformed::Incomplete(_))));
    }

    #[test]
    fn presigned_addresses_are_recognised() {
        let got = Signature::read(
            &HeaderMap::new(),
            Some("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"),
        );
        assert_eq!(got, Err(Malformed::Presigned));
    }

    #[test]
    fn queries_are_sorted_and_encoded_once() {
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=%7E%20x&A", "A=&a=~%20x"),
            ("X-Amz-Signature=0&a=b%2fc", "a=b%2Fc"),
        ] {
            assert_eq!(canonical_query(query), canonical);
        }
    }
}
