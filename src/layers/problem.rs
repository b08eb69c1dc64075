//! [`Problem`]: something wrong in a store, as data and as a sentence.

use std::path::PathBuf;

use crate::digest::{DiffId, Digest};
use crate::language::Language;

/// Something wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A blob's bytes are not what its name says.
    BlobDigest {
        /// The name.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// A blob has another size than the descriptor that points at it.
    BlobSize {
        /// The blob.
        digest: Digest,
        /// By the descriptor.
        expected: u64,
        /// On disk.
        found: u64,
    },
    /// Something refers to a blob that is not there.
    BlobMissing {
        /// The blob.
        digest: Digest,
        /// Who refers to it.
        by: String,
    },
    /// Something refers to a layer that is not there.
    LayerMissing {
        /// The layer.
        diff_id: DiffId,
        /// Who refers to it.
        by: String,
    },
    /// A layer's tree does not give the tar its diff id promises.
    LayerDigest {
        /// The layer.
        expected: DiffId,
        /// The digest of the tar of what is there.
        found: DiffId,
    },
    /// A layer's numbers do not fit its tree.
    LayerSize {
        /// The layer.
        diff_id: DiffId,
        /// By layer.json.
        expected: u64,
        /// In the tree.
        found: u64,
    },
    /// A document or a tree cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file or folder that belongs to nothing.
    Leftover {
        /// Where.
        path: PathBuf,
    },
}

crate::messages! {
    blob_digest(expected: &Digest, found: &Digest) {
        en: "blob {expected}: its bytes have digest {found}",
        ko: "blob {expected}: 내용의 다이제스트가 {found}입니다",
    }
    blob_size(digest: &Digest, expected: u64, found: u64) {
        en: "blob {digest}: has {found} bytes, its descriptor says {expected}",
        ko: "blob {digest}: {found}바이트인데 디스크립터에는 {expected}바이트로 적혀 있습니다",
    }
    blob_missing(digest: &Digest, by: &str) {
        en: "blob {digest}: missing, {by} refers to it",
        ko: "blob {digest}: {by}에서 가리키지만 저장소에 없습니다",
    }
    layer_missing(diff_id: &DiffId, by: &str) {
        en: "layer {diff_id}: missing, {by} refers to it",
        ko: "레이어 {diff_id}: {by}에서 가리키지만 저장소에 없습니다",
    }
    layer_digest(expected: &DiffId, found: &DiffId) {
        en: "layer {expected}: its files give the diff id {found}",
        ko: "레이어 {expected}: 파일들로 다시 계산한 diff id가 {found}입니다",
    }
    layer_size(diff_id: &DiffId, expected: u64, found: u64) {
        en: "layer {diff_id}: has {found} bytes of content, layer.json says {expected}",
        ko: "레이어 {diff_id}: 내용이 {found}바이트인데 layer.json에는 {expected}바이트로 적혀 있습니다",
    }
    unreadable(path: String, reason: &str) {
        en: "{path}: cannot be read: {reason}",
        ko: "{path}: 읽을 수 없습니다: {reason}",
    }
    leftover(path: String) {
        en: "{path}: belongs to nothing",
        ko: "{path}: 어디에도 속하지 않습니다",
    }
}

impl Problem {
    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::BlobDigest { expected, found } => blob_digest(language, expected, found),
            Self::BlobSize {
                digest,
                expected,
                found,
            } => blob_size(language, digest, *expected, *found),
            Self::BlobMissing { digest, by } => blob_missing(language, digest, by),
            Self::LayerMissing { diff_id, by } => layer_missing(language, diff_id, by),
            Self::LayerDigest { expected, found } => layer_digest(language, expected, found),
            Self::LayerSize {
                diff_id,
                expected,
                found,
            } => layer_size(language, diff_id, *expected, *found),
            Self::Unreadable { path, reason } => {
                unreadable(language, path.display().to_string(), reason)
            }
            Self::Leftover { path } => leftover(language, path.display().to_string()),
        }
    }
}
