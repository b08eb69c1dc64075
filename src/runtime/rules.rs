//! What the kernel's packet filter does for a bridge: NAT to the outside, nothing from there that
//! was not asked for. nft(8) is told in JSON; the rules stand in a table of their own, and no table
//! of anybody else is touched or looked at.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::probe::find_in_path;
use super::subnet::Subnet;

/// The rules of one bridge.
pub(super) struct Rules<'a> {
    /// The bridge's name among the links, and the table's.
    pub link: &'a str,
    /// Its addresses.
    pub subnet: Subnet,
    /// Whether nothing leads out.
    pub internal: bool,
}

impl Rules<'_> {
    /// Lets packets pass between networks, and adds the rules.
    ///
    /// # Errors
    ///
    /// A few words, the kernel's or nft's.
    pub fn add(&self) -> Result<(), String> {
        forward()?;
        nft(&self.commands())
    }

    fn commands(&self) -> Value {
        let table = self.link;
        let chain = |name: &str, kind: &str, hook: &str, priority: i32| {
            json!({"add": {"chain": {
                "family": "ip", "table": table, "name": name,
                "type": kind, "hook": hook, "prio": priority, "policy": "accept",
            }}})
        };
        let rule = |chain: &str, words: Value| {
            json!({"add": {"rule": {
                "family": "ip", "table": table, "chain": chain, "expr": words,
            }}})
        };
        let (base, bits) = (self.subnet.to_string(), self.subnet.bits());
        let base = base.split('/').next().unwrap_or_default();
        let ours = matches(
            "==",
            &json!({"payload": {"protocol": "ip", "field": "saddr"}}),
            &json!({"prefix": {"addr": base, "len": bits}}),
        );
        let into = |op| matches(op, &json!({"meta": {"key": "oifname"}}), &json!(self.link));
        let from = matches(
            "==",
            &json!({"meta": {"key": "iifname"}}),
            &json!(self.link),
        );
        let answers = matches(
            "in",
            &json!({"ct": {"key": "state"}}),
            &json!(["established", "related"]),
        );
        let mut commands = vec![
            json!({"add": {"table": {"family": "ip", "name": table}}}),
            chain("forward", "filter", "forward", 0),
            // Between containers all may pass.
            rule("forward", json!([into("=="), from, {"accept": null}])),
        ];
        if self.internal {
            commands.push(rule("forward", json!([from, {"drop": null}])));
        } else {
            commands.extend([
                chain("nat", "nat", "postrouting", 100),
                // What leaves by another way than the bridge bears the host's address.
                rule("nat", json!([ours, into("!="), {"masquerade": null}])),
                // Answers come in.
                rule("forward", json!([into("=="), answers, {"accept": null}])),
            ]);
        }
        // Nothing else does.
        commands.push(rule("forward", json!([into("=="), {"drop": null}])));
        json!({"nftables": commands})
    }
}

/// Takes the rules of a bridge away.
pub(super) fn remove(link: &str) {
    let table = json!({"family": "ip", "name": link});
    // Where nft is missing there are none.
    let _ = nft(&json!({"nftables": [{"delete": {"table": table}}]}));
}

fn matches(op: &str, left: &Value, right: &Value) -> Value {
    json!({"match": {"op": op, "left": left, "right": right}})
}

/// Without it a machine is no router, and containers reach nobody but each other and the host.
fn forward() -> Result<(), String> {
    const SWITCH: &str = "/proc/sys/net/ipv4/ip_forward";
    if std::fs::read(SWITCH).is_ok_and(|text| text.starts_with(b"1")) {
        return Ok(());
    }
    std::fs::write(SWITCH, "1").map_err(|error| format!("{SWITCH}: {error}"))
}

fn nft(commands: &Value) -> Result<(), String> {
    let program = find_in_path("nft").ok_or("nft is not installed")?;
    let failed = |error: std::io::Error| format!("nft: {error}");
    let mut child = Command::new(program)
        .args(["-j", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // If it does not read, it says why.
        let _ = stdin.write_all(commands.to_string().as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| !line.trim().is_empty());
    Err(format!("nft: {}", line.unwrap_or("it failed").trim()))
}
