//! Making, hashing, sealing and showing secrets.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;
use store::disk::{self, Disk, SyncPoint};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Random bytes. The operating system always has them once it has booted.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut out = [0u8; N];
    getrandom::fill(&mut out).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(out)
}

/// `n` characters of `alphabet`, each equally likely.
fn random_text(n: usize, alphabet: &[u8]) -> io::Result<String> {
    let fair = 256 - 256 % alphabet.len();
    let mut out = String::with_capacity(n);
    while out.len() < n {
        for byte in random::<64>()? {
            if usize::from(byte) < fair && out.len() < n {
                out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    Ok(out)
}

/// A secret of ours: `tag` and 43 base62 characters, 256 bits.
pub(crate) fn make(tag: &str) -> io::Result<String> {
    Ok(format!("{tag}{}", random_text(43, BASE62)?))
}

/// Id (`AKIA` and 16) and secret (40) of a signing key, in the shape clients check.
pub(crate) fn make_signing() -> io::Result<(String, String)> {
    Ok((
        format!("AKIA{}", random_text(16, BASE32)?),
        random_text(40, BASE62)?,
    ))
}

/// A project's token, in the shape clients know: 32 hex digits, 128 bits.
pub(crate) fn make_project_token() -> io::Result<String> {
    Ok(hex::encode(random::<16>()?))
}

/// An id of a resource: 11 characters that cannot be misread.
pub(crate) fn make_id() -> io::Result<String> {
    random_text(11, BASE58)
}

/// The 11-character id that belongs to a name, the same for ever.
pub(crate) fn id_of(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for p in parts {
        hasher.update((p.len() as u64).to_le_bytes());
        hasher.update(p.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .take(11)
        .map(|b| char::from(BASE58[usize::from(*b) % BASE58.len()]))
        .collect()
}

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The part of a secret that may be shown: for keys of our forms the tag and six characters, else
/// at most six characters and never more than a quarter.
pub(crate) fn shown_prefix(secret: &str) -> String {
    let tag = ["fs_in_", "fs_cfg_", "fs_pat_", "fsdev", "hcaik_", "AKIA"]
        .into_iter()
        .find(|t| secret.starts_with(t))
        .map_or(0, str::len);
    let rest = &secret[tag..];
    let shown = (rest.chars().count() / 4).min(6);
    let mut out: String = secret[..tag].to_owned();
    out.extend(rest.chars().take(shown).map(|c| match c {
        '!'..='~' => c,
        _ => '?',
    }));
    out.push('…');
    out
}

/// Encrypts what must be readable again, e.g. the secret of a signing key.
pub(crate) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&(*key).into()))
    }

    /// Nonce and ciphertext; `bound_to` must be given again to open it.
    pub(crate) fn seal(&self, plain: &str, bound_to: &str) -> io::Result<Vec<u8>> {
        let nonce: [u8; 24] = random()?;
        let sealed = self
            .0
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain.as_bytes(),
                    aad: bound_to.as_bytes(),
                },
            )
            .map_err(|_| io::Error::other("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// `None` when it was sealed under another key, for something else, or is damaged.
    pub(crate) fn open(&self, sealed: &[u8], bound_to: &str) -> Option<String> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        let plain = self
            .0
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: sealed,
                    aad: bound_to.as_bytes(),
                },
            )
            .ok()?;
        String::from_utf8(plain).ok()
    }
}

/// Writes a file only its owner can read, replacing none: it is there whole and synced, or not at all. For
/// the holder of the data directory's lock: nobody else writes here.
pub(crate) fn write_private(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // What a start that was cut off left there is of no use.
    let half = path.with_added_extension("half");
    match disk.remove(&half) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = disk.create_private(&half)?;
    file.write_all_at(bytes, 0)?;
    file.sync(SyncPoint::PrivateBytes)?;
    disk.rename(&half, path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    disk.sync_dir(folder, SyncPoint::PrivateName)
}

/// The 32 bytes of `master.key`, made at the first start.
pub(crate) fn master_key(disk: &dyn Disk, path: &Path) -> io::Result<[u8; 32]> {
    match disk::read(disk, path) {
        Ok(bytes) => bytes
            .try_into()
            .map_err(|_| io::Error::other("is not 32 bytes long")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let key = random::<32>()?;
            write_private(disk, path, &key)?;
            Ok(key)
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::disk::RealDisk;

    #[test]
    fn secrets_have_their_form_and_are_not_repeated() {
        let (a, b) = (make("fs_in_").unwrap(), make("fs_in_").unwrap());
        assert_eq!(a.len(), 6 + 43);
        assert_ne!(a, b);
        let (id, secret) = make_signing().unwrap();
        assert_eq!((id.len(), secret.len()), (20, 40));
    }

    #[test]
    fn a_prefix_never_shows_more_than_a_quarter_of_what_is_random() {
        assert_eq!(
            shown_prefix("fs_in_0123456789012345678901234567890123456789012"),
            "fs_in_012345…"
        );
        assert_eq!(shown_prefix("wrong"), "w…");
        assert_eq!(shown_prefix("abc"), "…");
        assert_eq!(shown_prefix("a\u{1b}[31maaaaaaaaa"), "a?[…");
    }

    #[test]
    fn a_key_is_made_whole_whatever_a_start_that_was_cut_off_left() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        std::fs::write(dir.path().join("master.key.half"), b"cut").unwrap();
        let key = master_key(&RealDisk, &path).unwrap();
        assert_eq!(master_key(&RealDisk, &path).unwrap(), key);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let names: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|f| f.unwrap().file_name())
            .collect();
        assert_eq!(names, ["master.key"]);
        let again = write_private(&RealDisk, &path, b"another").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn sealed_text_opens_only_under_its_key_and_name() {
        let s = Sealer::new(&[7; 32]);
        let sealed = s.seal("wJalr", "AKIA1").unwrap();
        assert_eq!(s.open(&sealed, "AKIA1").as_deref(), Some("wJalr"));
        assert_eq!(s.open(&sealed, "AKIA2"), None);
        assert_eq!(Sealer::new(&[8; 32]).open(&sealed, "AKIA1"), None);
        assert!(!sealed.windows(5).any(|w| w == b"wJalr"));
    }
}
