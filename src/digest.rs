//! SHA-256 digests, and the newtypes that keep digests of different things apart.
//!
//! The implementation is hidden here: `sha2` where the processor has SHA instructions, `ring`
//! elsewhere, whose plain-register code is about 2.5 times as fast as `sha2`'s.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A SHA-256 digest, written `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest([u8; 32]);

/// Text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: expected `sha256:` and 64 lower-case hex digits")]
pub struct ParseDigestError(String);

impl Digest {
    /// Returns the digest of some bytes.
    ///
    /// ```
    /// use strata::digest::Digest;
    /// let empty = Digest::of(b"");
    /// assert_eq!(empty.short(), "e3b0c44298fc");
    /// assert_eq!(empty.to_string().parse(), Ok(empty));
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Makes a digest of the 32 bytes it was stored as.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the 64 hex digits, without `sha256:`.
    pub fn hex(&self) -> String {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        self.0
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect()
    }

    /// Returns the first 12 hex digits, as docker shows ids.
    pub fn short(&self) -> String {
        self.hex()[..12].to_owned()
    }

    /// Reads 64 hex digits without `sha256:`, as blob file names have them.
    pub fn from_hex(hex: &str) -> Result<Self, ParseDigestError> {
        let wrong = || ParseDigestError(hex.to_owned());
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(wrong()),
        };
        if hex.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text
            .strip_prefix("sha256:")
            .ok_or_else(|| ParseDigestError(text.to_owned()))?;
        Self::from_hex(hex).map_err(|_| ParseDigestError(text.to_owned()))
    }
}

impl TryFrom<String> for Digest {
    type Error = ParseDigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.short())
    }
}

macro_rules! digest_of {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Digest);

        impl $name {
            /// Returns the first 12 hex digits.
            pub fn short(&self) -> String {
                self.0.short()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.short())
            }
        }

        impl FromStr for $name {
            type Err = ParseDigestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )* };
}

digest_of! {
    /// Digest of a layer's uncompressed tar (image-spec, config.md, Layer DiffID).
    DiffId,
    /// Digest of a stack of layers (image-spec, config.md, Layer ChainID).
    ChainId,
    /// Digest of an image's config (image-spec, config.md, ImageID).
    ImageId,
    /// Digest of the ingredients of one step, see `plan::cache_key`.
    CacheKey,
}

impl ChainId {
    /// Returns the chain id of a stack of layers, base first; none for an empty stack.
    pub fn of(layers: &[DiffId]) -> Option<Self> {
        let (first, rest) = layers.split_first()?;
        Some(rest.iter().fold(Self(first.0), |below, layer| {
            Self(Digest::of(format!("{below} {layer}").as_bytes()))
        }))
    }
}

/// Computes a digest piece by piece.
pub struct Hasher(Implementation);

enum Implementation {
    Instructions(Box<sha2::Sha256>),
    Registers(Box<ring::digest::Context>),
}

impl Hasher {
    /// Starts an empty hash.
    pub fn new() -> Self {
        Self(if processor_has_sha() {
            Implementation::Instructions(Box::default())
        } else {
            Implementation::Registers(Box::new(ring::digest::Context::new(&ring::digest::SHA256)))
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Implementation::Instructions(hash) => sha2::Digest::update(hash.as_mut(), bytes),
            Implementation::Registers(hash) => hash.update(bytes),
        }
    }

    /// Returns the digest of everything added.
    pub fn finish(self) -> Digest {
        Digest(match self.0 {
            Implementation::Instructions(hash) => sha2::Digest::finalize(*hash).into(),
            Implementation::Registers(hash) => hash
                .finish()
                .as_ref()
                .try_into()
                .expect("SHA-256 is 32 bytes long"),
        })
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

fn processor_has_sha() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::is_x86_feature_detected!("sha");
    #[cfg(not(target_arch = "x86_64"))]
    return true;
}

/// Passes bytes on to a writer and hashes them on the way.
pub struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
    written: u64,
}

impl<W: Write> HashingWriter<W> {
    /// Hashes everything written to `inner`.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Hasher::new(),
            written: 0,
        }
    }

    /// Returns the digest and number of the bytes written, and the writer.
    pub fn finish(self) -> (Digest, u64, W) {
        (self.hasher.finish(), self.written, self.inner)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Reads from a reader and hashes what comes through.
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    read: u64,
}

impl<R: Read> HashingReader<R> {
    /// Hashes everything read from `inner`.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Hasher::new(),
            read: 0,
        }
    }

    /// Returns the digest and number of the bytes read so far.
    pub fn finish(self) -> (Digest, u64) {
        (self.hasher.finish(), self.read)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.read += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_implementations_agree() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut registers = Hasher(Implementation::Registers(Box::new(
            ring::digest::Context::new(&ring::digest::SHA256),
        )));
        let mut instructions = Hasher(Implementation::Instructions(Box::default()));
        registers.update(&bytes);
        instructions.update(&bytes);
        assert_eq!(registers.finish(), instructions.finish());
    }

    #[test]
    fn chain_of_one_layer_is_that_layer() {
        let layer = DiffId(Digest::of(b"a"));
        assert_eq!(ChainId::of(&[layer]), Some(ChainId(layer.0)));
        assert_eq!(ChainId::of(&[]), None);
    }

    #[test]
    fn upper_case_and_short_text_are_no_digests() {
        assert!(Digest::from_hex(&"A".repeat(64)).is_err());
        assert!("sha256:abc".parse::<Digest>().is_err());
        assert!(Digest::of(b"").hex().parse::<Digest>().is_err());
    }
}
