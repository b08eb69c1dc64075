//! Rules to the kernel's filter language: classic BPF over `struct seccomp_data`.
//!
//! The filter is a binary search over ranges of call numbers: 232 instructions, 0.1 ms to make and
//! to load. A list of comparisons, which is what the seccompiler crate makes, took 1865 and 1.2 ms:
//! the kernel runs a new filter once for every number there is (`seccomp_cache_prepare`), while
//! the container waits to start.

use nix::libc;

use super::super::sys::sock_filter;
use super::{Rule, Rules, Test, profile};

/// Where in `struct seccomp_data` things are.
pub const NUMBER: u32 = 0;
pub const ARCHITECTURE: u32 = 4;
pub const ARGUMENTS: u32 = 16;

#[cfg(target_arch = "x86_64")]
pub const OUR_ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
pub const OUR_ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(target_arch = "riscv64")]
pub const OUR_ARCHITECTURE: u32 = 0xc000_00f3;

pub const LOAD: u16 = 0x20;
pub const AND: u16 = 0x54;
pub const JUMP: u16 = 0x05;
pub const IF_EQUAL: u16 = 0x15;
pub const IF_AT_LEAST: u16 = 0x35;
pub const RETURN: u16 = 0x06;

const fn instruction(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

/// `if accumulator ? k { skip yes } else { skip no }`.
const fn branch(code: u16, k: u32, yes: u8, no: u8) -> sock_filter {
    sock_filter {
        code,
        jt: yes,
        jf: no,
        k,
    }
}

impl Rules {
    /// Returns the filter the kernel takes (seccomp(2)).
    pub fn compile(&self) -> Vec<sock_filter> {
        let mut filter = vec![
            instruction(LOAD, ARCHITECTURE),
            branch(IF_EQUAL, OUR_ARCHITECTURE, 1, 0),
            instruction(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
            instruction(LOAD, NUMBER),
        ];
        filter.extend(search(&self.ranges()));
        filter
    }

    /// Cuts the numbers into ranges with the same rule: where each starts, ascending from 0.
    fn ranges(&self) -> Vec<(u32, &Rule)> {
        let beyond = u32::try_from(profile::NEWEST).expect("it is a small number") + 1;
        let known =
            (0..beyond).map(|number| (number, self.calls.get(&number).unwrap_or(&self.others)));
        let mut ranges: Vec<(u32, &Rule)> = Vec::new();
        for (start, rule) in known.chain([(beyond, &self.newer)]) {
            if ranges.last().is_none_or(|(_, last)| *last != rule) {
                ranges.push((start, rule));
            }
        }
        ranges
    }
}

/// Returns code that finds the range of the number in the accumulator and applies its rule.
fn search(ranges: &[(u32, &Rule)]) -> Vec<sock_filter> {
    if let [(_, rule)] = ranges {
        return apply(rule);
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let (below, from) = (search(lower), search(upper));
    let mut code = match u8::try_from(below.len()) {
        Ok(over) => vec![branch(IF_AT_LEAST, upper[0].0, over, 0)],
        // A conditional jump reaches 255 instructions far.
        Err(_) => vec![
            branch(IF_AT_LEAST, upper[0].0, 0, 1),
            instruction(JUMP, u32::try_from(below.len()).expect("filters are short")),
        ],
    };
    code.extend(below);
    code.extend(from);
    code
}

fn apply(rule: &Rule) -> Vec<sock_filter> {
    match rule {
        Rule::Allow => vec![instruction(RETURN, libc::SECCOMP_RET_ALLOW)],
        Rule::Answer(errno) => vec![answer(*errno)],
        Rule::AllowIf(tests, errno) => {
            let mut code: Vec<_> = tests.iter().flat_map(Test::compile).collect();
            code.push(answer(*errno));
            code
        }
    }
}

fn answer(errno: i32) -> sock_filter {
    instruction(RETURN, libc::SECCOMP_RET_ERRNO | errno.unsigned_abs())
}

impl Test {
    /// Returns code that allows the call if the test passes and falls through otherwise.
    fn compile(&self) -> Vec<sock_filter> {
        // Little-endian: the low half comes first.
        let load = |argument: u8| instruction(LOAD, ARGUMENTS + 8 * u32::from(argument));
        let allow = instruction(RETURN, libc::SECCOMP_RET_ALLOW);
        match *self {
            Self::Equal { argument, value } => {
                vec![load(argument), branch(IF_EQUAL, value, 0, 1), allow]
            }
            Self::Below { argument, value } => {
                vec![load(argument), branch(IF_AT_LEAST, value, 1, 0), allow]
            }
            Self::Clear { argument, mask } => {
                vec![
                    load(argument),
                    instruction(AND, mask),
                    branch(IF_EQUAL, 0, 0, 1),
                    allow,
                ]
            }
            Self::Differ {
                argument,
                mask,
                value,
            } => {
                vec![
                    load(argument),
                    instruction(AND, mask),
                    branch(IF_EQUAL, value, 1, 0),
                    allow,
                ]
            }
        }
    }
}
