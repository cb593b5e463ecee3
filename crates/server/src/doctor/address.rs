//! Addresses as variables hold them.

use http::Uri;

/// Where something is sent over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Whether the address says https.
    pub(crate) is_https: bool,
    /// Host name or address, IPv6 in brackets.
    pub(crate) host: String,
    /// Port, as given or the scheme's.
    pub(crate) port: u16,
    /// Path, `/` at least.
    pub(crate) path: String,
}

impl Address {
    /// Reads `http://host[:port][/path]`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Err(format!("`{text}` has no http:// before it"));
        }
        let uri: Uri = text
            .parse()
            .map_err(|_| format!("`{text}` is no address"))?;
        let is_https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(format!("`{text}` begins with neither http:// nor https://")),
        };
        let host = uri.host().filter(|h| !h.is_empty());
        Ok(Self {
            is_https,
            host: host
                .ok_or_else(|| format!("`{text}` names no host"))?
                .to_owned(),
            port: uri.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            path: match uri.path() {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
        })
    }

    /// `host:port`.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The same place without TLS.
    pub(crate) fn plain(&self) -> String {
        let path = if self.path == "/" { "" } else { &self.path };
        format!("http://{}{path}", self.authority())
    }

    /// The address with `more` appended to its path.
    pub(crate) fn join(&self, more: &str) -> Self {
        Self {
            path: format!("{}{more}", self.path.trim_end_matches('/')),
            ..self.clone()
        }
    }
}

/// Whether a host is a vendor's own, so that data goes there and not here.
pub(crate) fn is_vendor(host: &str) -> bool {
    ["honeycomb.io", "amazonaws.com", "rollbar.com"]
        .iter()
        .any(|v| host == *v || host.ends_with(&format!(".{v}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let a = Address::parse("http://foursight:8080/api/1/").unwrap();
        assert_eq!(
            (a.authority().as_str(), a.path.as_str(), a.is_https),
            ("foursight:8080", "/api/1/", false)
        );
        assert_eq!(a.join("/item/").path, "/api/1/item/");
        assert_eq!(Address::parse("https://h").unwrap().port, 443);
        assert_eq!(Address::parse("http://h").unwrap().path, "/");
        assert!(
            Address::parse("foursight:4318")
                .unwrap_err()
                .contains("http://")
        );
        assert!(Address::parse("grpc://foursight:4318").is_err());
        assert!(is_vendor("api.honeycomb.io") && is_vendor("logs.us-east-1.amazonaws.com"));
        assert!(!is_vendor("foursight") && !is_vendor("notrollbar.com"));
    }
}
