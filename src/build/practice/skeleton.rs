//! What every base has, whichever tools are in it: the folders and the few files in /etc that
//! programs expect (hier(7), passwd(5), os-release(5)).
//!
//! `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` are not among them: the runtime gives
//! each container its own.

use super::builder::TreeBuilder;
use super::tree::Content;

/// The id of the ordinary user, who owns the folder it is at home in.
const LEARNER: u32 = 1000;

#[rustfmt::skip]
const FOLDERS: [(&str, u32); 22] = [
    ("bin", 0o755), ("sbin", 0o755), ("usr/bin", 0o755), ("usr/sbin", 0o755), ("usr/lib", 0o755),
    ("usr/local/bin", 0o755), ("usr/local/sbin", 0o755), ("usr/local/lib", 0o755), ("etc", 0o755),
    ("dev", 0o755), ("proc", 0o555), ("sys", 0o555), ("run", 0o755), ("tmp", 0o1777),
    ("root", 0o700), ("home/learner", 0o755), ("mnt", 0o755), ("opt", 0o755), ("srv", 0o755),
    ("var/log", 0o755), ("var/lib", 0o755), ("var/tmp", 0o1777),
];

const FILES: [(&str, &str); 4] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         learner:x:1000:1000:learner:/home/learner:/bin/sh\n\
         nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    ),
    (
        "etc/group",
        "root:x:0:\ntty:x:5:\nlearner:x:1000:\nnogroup:x:65534:\n",
    ),
    (
        "etc/nsswitch.conf",
        "passwd: files\ngroup: files\nhosts: files dns\n",
    ),
    (
        "etc/os-release",
        "ID=strata\nNAME=\"strata practice-os\"\nPRETTY_NAME=\"strata practice-os\"\nVERSION_ID=\"1\"\n",
    ),
];

/// Adds it. Links such as `/bin -> usr/bin` must be there by now.
pub(super) fn add(builder: &mut TreeBuilder) {
    for (path, mode) in FOLDERS {
        builder.folder(path, mode);
    }
    builder.give("home/learner", LEARNER);
    builder.link("var/run", "../run");
    for (path, text) in FILES {
        builder.file(path, Content::Bytes(text.into()), 0o644);
    }
}
