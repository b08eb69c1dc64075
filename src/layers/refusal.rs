//! [`Refusal`]: what members of an outside tar may not ask for.

use crate::language::Language;

/// Why a member of a tar is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It would hide everything in the image.
    HidesRoot,
    /// A whiteout of `.`, `..` or nothing.
    HidesNoName,
    /// It would mark a deleted file, and is no layer.
    MarksDeleted,
    /// A name with a NUL byte.
    NulByte,
    /// A name with `..`.
    Upwards,
    /// A name, or what a link points to, that no path can be.
    TooLong,
    /// An owner that is no number of 32 bits.
    NoUserId,
    /// A symbolic link that points nowhere.
    LinkToNothing,
    /// A hard link to something that is not in the same tar.
    HardLinkToNothing,
    /// It lies in a file.
    InNoFolder,
    /// The device that stands for a deleted file on disk.
    WhiteoutDevice,
    /// A type nobody knows.
    UnknownType,
}

crate::messages! {
    hides_root() {
        en: "it hides the whole root",
        ko: "루트 전체를 가립니다",
    }
    hides_no_name() {
        en: "it hides no name a file can have",
        ko: "파일 이름이 될 수 없는 것을 가립니다",
    }
    marks_deleted() {
        en: "its name would mark a deleted file in a layer",
        ko: "레이어에서 지워진 파일을 뜻하는 이름입니다",
    }
    nul_byte() {
        en: "its name has a NUL byte",
        ko: "이름에 NUL 바이트가 있습니다",
    }
    upwards() {
        en: "its name leads upwards",
        ko: "이름이 위쪽 폴더(..)로 나갑니다",
    }
    too_long() {
        en: "its name is longer than a path can be",
        ko: "이름이 경로로 쓸 수 없을 만큼 깁니다",
    }
    no_user_id() {
        en: "its owner is no user id",
        ko: "소유자가 사용자 ID가 아닙니다",
    }
    link_to_nothing() {
        en: "it is a link to nothing",
        ko: "가리키는 곳이 없는 링크입니다",
    }
    hard_link_to_nothing() {
        en: "it is a hard link to no file of this tar",
        ko: "이 tar에 없는 파일을 가리키는 하드 링크입니다",
    }
    in_no_folder() {
        en: "it lies in something that is no folder",
        ko: "폴더가 아닌 것 안에 있습니다",
    }
    whiteout_device() {
        en: "device 0/0 is what whiteouts are on disk",
        ko: "장치 0/0은 디스크에서 지워진 파일을 뜻합니다",
    }
    unknown_type() {
        en: "its type is unknown",
        ko: "모르는 종류입니다",
    }
}

impl Refusal {
    /// Says it to a person.
    pub fn message(self, language: Language) -> String {
        match self {
            Self::HidesRoot => hides_root(language),
            Self::HidesNoName => hides_no_name(language),
            Self::MarksDeleted => marks_deleted(language),
            Self::NulByte => nul_byte(language),
            Self::Upwards => upwards(language),
            Self::TooLong => too_long(language),
            Self::NoUserId => no_user_id(language),
            Self::LinkToNothing => link_to_nothing(language),
            Self::HardLinkToNothing => hard_link_to_nothing(language),
            Self::InNoFolder => in_no_folder(language),
            Self::WhiteoutDevice => whiteout_device(language),
            Self::UnknownType => unknown_type(language),
        }
    }
}
