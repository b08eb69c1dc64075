//! [`StoreError`]: what can go wrong with images, layers and the store they lie in.

use std::io;
use std::path::{Path, PathBuf};

use super::RootPath;
use super::refusal::Refusal;
use crate::digest::{DiffId, Digest};
use crate::language::Language;

/// A result of this module.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused something.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was being done, as a verb: `open`, `rename`.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// A folder with other things in it was given as the store.
    #[error("`{}` is not a strata store", .0.display())]
    NotAStore(PathBuf),
    /// The store was made by a newer strata.
    #[error("the store has format {found}; this strata knows format {known}")]
    NewerFormat {
        /// The format of the store.
        found: u32,
        /// The newest format this strata knows.
        known: u32,
    },
    /// Nothing has this name or id.
    #[error("No such image: {0}")]
    ImageNotFound(String),
    /// Several images have an id that starts so.
    #[error("image id prefix `{prefix}` is ambiguous: it fits {}", .ids.join(", "))]
    AmbiguousId {
        /// What was asked for.
        prefix: String,
        /// Short ids of those it fits.
        ids: Vec<String>,
    },
    /// A layer is not in the store.
    #[error("layer {0} is not in the store")]
    LayerMissing(DiffId),
    /// A blob is not in the store.
    #[error("blob {0} is not in the store")]
    BlobMissing(Digest),
    /// Bytes are not those that were promised.
    #[error("{what} should have digest {expected}, but has {found}")]
    WrongDigest {
        /// What: `layer`, `config`, a path.
        what: String,
        /// What it should have.
        expected: Digest,
        /// What it has.
        found: Digest,
    },
    /// A document cannot be read.
    #[error("`{}` is not the document it should be", path.display())]
    Json {
        /// Which document.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Entries of a layer did not come in the order of a sorted walk.
    #[error("layer entry `{path}` comes after `{after}`")]
    EntryOrder {
        /// The entry.
        path: RootPath,
        /// The one before.
        after: RootPath,
    },
    /// An entry came without the folder it lies in.
    #[error("layer entry `{0}` comes without the folder it lies in")]
    FolderMissing(RootPath),
    /// A reference that pins a digest cannot be given to an image.
    #[error("refusing to create a tag with a digest reference: {0}")]
    TagWithDigest(String),
    /// A file had other bytes than it said: it changed while it was read.
    #[error("`{0}` changed while it was being read")]
    FileChanged(RootPath),
    /// The upper directory of an overlay holds something that makes no sense outside of it.
    #[error("`{path}` uses overlay's {feature}, which a layer cannot express")]
    OverlayFeature {
        /// Where.
        path: RootPath,
        /// `redirect_dir` or `metacopy`.
        feature: &'static str,
    },
    /// An entry of an outside layer asks for something no layer may.
    #[error("refused tar entry `{path}`: {}", reason.message(Language::En))]
    HostileEntry {
        /// Its name.
        path: String,
        /// What is wrong with it.
        reason: Refusal,
    },
    /// An archive unpacks to more than it may.
    #[error("it unpacks to more than {limit} bytes")]
    UnpacksToTooMuch {
        /// What it may unpack to.
        limit: u64,
    },
    /// A tar cannot be read.
    #[error("malformed tar")]
    Tar(#[source] io::Error),
    /// A compression that strata cannot undo.
    #[error("{0} compression is not supported")]
    Compression(&'static str),
    /// Something that holds no images.
    #[error("`{name}` is no image archive: {reason}")]
    NotAnArchive {
        /// What it is called.
        name: String,
        /// What is missing or wrong.
        reason: String,
    },
    /// A path is not there.
    #[error("`/{0}`: no such file or directory")]
    NotFound(RootPath),
    /// A path leads through something that is no folder.
    #[error("`/{0}`: not a directory")]
    NotADirectory(RootPath),
    /// A path is a folder or a device where a file is needed.
    #[error("`/{0}`: not a regular file")]
    NotAFile(RootPath),
    /// Symbolic links lead round and round.
    #[error("`/{0}`: too many levels of symbolic links")]
    SymlinkLoop(RootPath),
}

impl StoreError {
    /// Makes the function that turns a refusal into an error: `.map_err(StoreError::io("open", path))`.
    pub(crate) fn io<E: Into<io::Error>>(
        doing: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Io {
            doing,
            path: path.as_ref().to_owned(),
            source: source.into(),
        }
    }

    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Ko => self.korean(),
        }
    }

    /// Says what to do about it, where something can be done.
    pub fn help(&self, language: Language) -> Option<String> {
        Some(match self {
            Self::NotAStore(_) => help_not_a_store(language),
            Self::NewerFormat { .. } => help_newer(language),
            Self::ImageNotFound(_) => help_images(language),
            Self::AmbiguousId { .. } => help_longer_id(language),
            Self::LayerMissing(_)
            | Self::BlobMissing(_)
            | Self::WrongDigest { .. }
            | Self::Json { .. } => help_fsck(language),
            Self::UnpacksToTooMuch { .. } => help_unpack_limit(language),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                help_disk_full(language)
            }
            _ => return None,
        })
    }

    /// The sentence with its causes: a person sees one line.
    fn english(&self) -> String {
        use std::error::Error as _;
        match self.source() {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    fn korean(&self) -> String {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => format!(
                "`{}` 작업({doing})에 실패했습니다: {source}",
                path.display()
            ),
            Self::NotAStore(path) => format!("strata 저장소가 아닙니다: `{}`", path.display()),
            Self::NewerFormat { found, known } => format!(
                "저장소 형식은 {found}인데, 이 strata는 형식 {known}까지만 읽을 수 있습니다"
            ),
            Self::ImageNotFound(name) => format!("이미지를 찾을 수 없습니다: {name}"),
            Self::AmbiguousId { prefix, ids } => format!(
                "이미지 ID `{prefix}`에 맞는 이미지가 여럿입니다: {}",
                ids.join(", ")
            ),
            Self::LayerMissing(id) => format!("저장소에 없는 레이어입니다: {id}"),
            Self::BlobMissing(digest) => format!("저장소에 없는 blob입니다: {digest}"),
            Self::WrongDigest {
                what,
                expected,
                found,
            } => format!("{what}의 다이제스트가 {expected}여야 하는데 {found}입니다"),
            Self::Json { path, source } => {
                format!("`{}` 문서를 읽을 수 없습니다: {source}", path.display())
            }
            Self::EntryOrder { path, after } => {
                format!("레이어 항목의 순서가 틀렸습니다: `{after}` 다음에 `{path}`")
            }
            Self::FolderMissing(path) => {
                format!("레이어 항목이 들어 있을 폴더 없이 나옵니다: `{path}`")
            }
            Self::TagWithDigest(name) => {
                format!("다이제스트가 붙은 이름으로는 태그를 만들 수 없습니다: {name}")
            }
            Self::FileChanged(path) => format!("`{path}` 파일이 읽는 동안 바뀌었습니다"),
            Self::OverlayFeature { path, feature } => {
                format!(
                    "레이어로 나타낼 수 없는 overlay 기능({feature})을 쓰는 항목입니다: `{path}`"
                )
            }
            Self::HostileEntry { path, reason } => {
                let reason = reason.message(Language::Ko);
                format!("`{path}` tar 항목을 받아들이지 않았습니다: {reason}")
            }
            Self::UnpacksToTooMuch { limit } => {
                format!("풀면 {limit} 바이트보다 커집니다")
            }
            Self::Tar(cause) => format!("tar 형식이 잘못되었습니다: {cause}"),
            Self::Compression(name) => format!("{name} 압축은 지원하지 않습니다"),
            Self::NotAnArchive { name, reason } => {
                format!("이미지 아카이브가 아닙니다: `{name}`: {reason}")
            }
            Self::NotFound(path) => format!("`/{path}`: 그런 파일이나 폴더가 없습니다"),
            Self::NotADirectory(path) => format!("`/{path}`: 폴더가 아닙니다"),
            Self::NotAFile(path) => format!("`/{path}`: 일반 파일이 아닙니다"),
            Self::SymlinkLoop(path) => format!("`/{path}`: 심볼릭 링크가 끝없이 이어집니다"),
        }
    }
}

crate::messages! {
    help_not_a_store() {
        en: "give an empty or new folder as --root or STRATA_ROOT",
        ko: "--root나 STRATA_ROOT에는 비어 있거나 새로운 폴더를 지정하세요",
    }
    help_newer() {
        en: "use the newer strata, or another store with --root",
        ko: "더 새로운 strata를 쓰거나 --root로 다른 저장소를 지정하세요",
    }
    help_images() {
        en: "`images` lists what is in the store",
        ko: "`images`로 저장소에 있는 이미지를 볼 수 있습니다",
    }
    help_longer_id() {
        en: "write more digits of the id",
        ko: "ID를 더 길게 써 주세요",
    }
    help_fsck() {
        en: "`system fsck` lists everything in the store that is damaged",
        ko: "`system fsck`로 저장소에서 손상된 것을 모두 볼 수 있습니다",
    }
    help_unpack_limit() {
        en: "archives that are larger on purpose are let through with the variable STRATA_UNPACK_LIMIT, such as STRATA_UNPACK_LIMIT=20g; ADD --unpack=false leaves them packed",
        ko: "일부러 크게 만든 아카이브라면 STRATA_UNPACK_LIMIT=20g 같은 환경 변수로 허용할 수 있습니다. ADD --unpack=false는 풀지 않고 그대로 둡니다",
    }
    help_disk_full() {
        en: "free some space, for example with `system prune`",
        ko: "`system prune` 등으로 디스크 공간을 확보하세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_gets_the_cause_and_the_remedy_in_both_languages() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = StoreError::io("write", "index.json")(full);
        assert_eq!(
            error.message(Language::En),
            "cannot write `index.json`: no storage space"
        );
        assert!(error.message(Language::Ko).contains("index.json"));
        for language in Language::ALL {
            let help = error.help(language).unwrap();
            assert!(help.contains("system prune"), "{help}");
        }
        let missing = StoreError::NotFound(RootPath::clean("a"));
        assert_eq!(missing.help(Language::En), None);
    }
}
