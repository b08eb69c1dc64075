//! Does any ignore file, asked about any path, panic or hang?
//!
//! The last line is the path; what stands before it is the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strata::plan::ignore::{Ignore, LONGEST_PATH};

fuzz_target!(|text: &str| {
    let (file, path) = text.rsplit_once('\n').unwrap_or((text, "a/b.log"));
    // The verb refuses what is the path of no file.
    if path.len() > LONGEST_PATH {
        return;
    }
    if let Ok(ignore) = Ignore::parse(file) {
        let ignored = ignore.is_ignored(path);
        assert_eq!(ignored, ignore.decide(path).ignored);
        if ignore.excludes_whole_folder(path) {
            assert!(ignored);
        }
    }
});
