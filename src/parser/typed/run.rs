//! RUN with a type.

use super::flags::{Known, Takes};
use super::untyped::{Untyped, take_command};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::instruction::RunInstruction;

/// The flags of RUN.
pub(super) const RUN_FLAGS: Known = &[
    ("mount", Takes::Values),
    ("network", Takes::Value),
    ("security", Takes::Value),
    ("device", Takes::Values),
];

/// Gives a RUN its type.
pub(super) fn run(mut untyped: Untyped) -> Result<RunInstruction, ParseError> {
    let flags = untyped.take_flags(RUN_FLAGS)?;
    let network = flags.value("network");
    if let Some(mode) = &network
        && !matches!(mode.text.as_str(), "default" | "none" | "host")
    {
        let value = mode.text.clone();
        return Err(untyped.error(Kind::InvalidNetwork { value }, mode.span));
    }
    let security = flags.value("security");
    if let Some(mode) = &security
        && !matches!(mode.text.as_str(), "sandbox" | "insecure")
    {
        let value = mode.text.clone();
        return Err(untyped.error(Kind::InvalidSecurity { value }, mode.span));
    }
    Ok(RunInstruction {
        mounts: flags.values("mount"),
        devices: flags.values("device"),
        network,
        security,
        command: take_command(&mut untyped),
        heredocs: untyped.heredocs,
    })
}
