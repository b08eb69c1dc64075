//! Does any word make expansion panic or hang?
#![no_main]

use libfuzzer_sys::fuzz_target;
use strata::parser::word;

fuzz_target!(|text: &str| {
    let lookup = |name: &str| match name {
        "LONG" => Some("a/b*".repeat(20_000)),
        _ => (name.len() % 2 == 1).then(|| format!("a/b*{name}")),
    };
    for escape in ['\\', '`'] {
        if let Err(fault) = word::expand_located(text, escape, &lookup) {
            assert!(fault.span.end <= text.len() && !fault.error.to_string().is_empty());
        }
    }
    let _ = word::expand_heredoc(text, &lookup);
});
