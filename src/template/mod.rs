//! The Go templates of `--format`: docker's users type `{{.Names}}: {{json .Labels}}`.
//!
//! A leaf: it knows text and JSON values, nothing of images. Its parts, in the order of the road:
//! `token` (text to tokens), `parse` (tokens to a tree), `run` (tree and value to text), with
//! `function` and `printf` for what can be called, [`error`](TemplateError) for what goes wrong.
//!
//! What of Go's text/template is here: fields and chains, `$`, variables, pipelines, parentheses,
//! `if`/`else if`/`else`, `range` with `break` and `continue`, `with`, comments, trim markers, and the
//! functions `and or not len index slice print printf println eq ne lt le gt ge`, with docker's `json
//! join split title lower upper pad truncate`. What is not: `define`, `template` and `block`, complex
//! numbers, `html`, `js`, `urlquery`.
//!
//! A template may come from a stranger's script: nesting, work and output are bounded.
//!
//! ```
//! use strata::template::Template;
//! let value = serde_json::json!({ "Names": "web", "Ports": [80, 443] });
//! let template = Template::parse("{{.Names | upper}}:{{range .Ports}} {{.}}{{end}}").unwrap();
//! assert_eq!(template.run(&value).unwrap(), "WEB: 80 443");
//! ```

mod error;
mod function;
mod parse;
mod printf;
mod run;
mod token;

pub use error::{Problem, TemplateError};

use serde_json::Value;

use parse::Node;

/// A template that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let nodes = parse::parse(text)?;
        Ok(Self { nodes })
    }

    /// Fills the template in.
    pub fn run(&self, value: &Value) -> Result<String, TemplateError> {
        run::run(&self.nodes, value, function::Manner::Values)
    }

    /// Fills in the heads of a table: functions leave them as they are, as docker's do.
    pub fn run_heads(&self, heads: &Value) -> Result<String, TemplateError> {
        run::run(&self.nodes, heads, function::Manner::Heads)
    }

    /// Whether a field of the row itself is asked for; what is costly is only worked out then.
    pub fn names(&self, field: &str) -> bool {
        parse::names(&self.nodes, field)
    }
}

#[cfg(test)]
mod tests;
