//! A tree and a value to text.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::{Problem, TemplateError};
use super::function::{self, Manner, Val, is_true, kind, shown};
use super::parse::{Command, From, Node, Operand, Pipeline};

/// How often something may be worked out; a list of 1,000 containers takes some ten thousand.
const MOST_WORK: usize = 2_000_000;
/// Bytes that may be written.
const MOST_OUTPUT: usize = 64 << 20;
/// Fields whose names are the user's: one that is missing is no slip of the pen.
const MAPS: [&str; 9] = [
    "Labels",
    "Annotations",
    "Networks",
    "Ports",
    "ExposedPorts",
    "Volumes",
    "Options",
    "PortBindings",
    "Sysctls",
];

/// How a block ended.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Fills in a template.
pub(super) fn run(nodes: &[Node], value: &Value, manner: Manner) -> Result<String, TemplateError> {
    let mut run = Run {
        manner,
        out: String::new(),
        work: 0,
        variables: vec![(String::new(), Cow::Borrowed(value))],
    };
    run.block(nodes, &Cow::Borrowed(value))?;
    Ok(run.out)
}

struct Run<'v> {
    manner: Manner,
    out: String,
    work: usize,
    /// The innermost last; `$` alone is the first.
    variables: Vec<(String, Val<'v>)>,
}

impl<'v> Run<'v> {
    fn block(&mut self, nodes: &[Node], dot: &Val<'v>) -> Result<Flow, TemplateError> {
        let known = self.variables.len();
        let mut flow = Flow::On;
        for node in nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::On {
                break;
            }
        }
        self.variables.truncate(known);
        Ok(flow)
    }

    fn node(&mut self, node: &Node, dot: &Val<'v>) -> Result<Flow, TemplateError> {
        match node {
            Node::Text(text) => self.write(text, 1)?,
            Node::Write(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.set.is_none() {
                    self.write(&shown(&value), pipeline.column)?;
                }
            }
            Node::If {
                condition,
                then,
                otherwise,
                with,
            } => {
                let known = self.variables.len();
                let value = self.pipeline(condition, dot)?;
                let flow = match is_true(&value) {
                    true if *with => self.block(then, &value)?,
                    true => self.block(then, dot)?,
                    false => self.block(otherwise, dot)?,
                };
                self.variables.truncate(known);
                return Ok(flow);
            }
            Node::Range {
                over,
                names,
                body,
                otherwise,
            } => return self.range(over, names, body, otherwise, dot),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn range(
        &mut self,
        over: &Pipeline,
        names: &[String],
        body: &[Node],
        otherwise: &[Node],
        dot: &Val<'v>,
    ) -> Result<Flow, TemplateError> {
        let items = items(self.pipeline(over, dot)?, over.column)?;
        if items.is_empty() {
            return self.block(otherwise, dot);
        }
        let known = self.variables.len();
        for (place, item) in items {
            self.charge(1, over.column)?;
            match names {
                [one] => self.variables.push((one.clone(), item.clone())),
                [at, one] => {
                    self.variables.push((at.clone(), place));
                    self.variables.push((one.clone(), item.clone()));
                }
                _ => {}
            }
            let flow = self.block(body, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn write(&mut self, text: &str, column: usize) -> Result<(), TemplateError> {
        if self.out.len() + text.len() > MOST_OUTPUT {
            return Err(TemplateError::new(column, Problem::TooMuch));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn charge(&mut self, work: usize, column: usize) -> Result<(), TemplateError> {
        self.work += work;
        if self.work > MOST_WORK {
            return Err(TemplateError::new(column, Problem::TooMuch));
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Val<'v>) -> Result<Val<'v>, TemplateError> {
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(command, value, dot)?);
        }
        let value = value.expect("a pipeline has a command");
        match &pipeline.set {
            None => {}
            Some((name, true)) => self.variables.push((name.clone(), value.clone())),
            Some((name, false)) => {
                let known = self.variables.iter_mut().rev().find(|(it, _)| it == name);
                let Some((_, known)) = known else {
                    let problem = Problem::NoVariable(format!("${name}"));
                    return Err(TemplateError::new(pipeline.column, problem));
                };
                known.clone_from(&value);
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        command: &Command,
        piped: Option<Val<'v>>,
        dot: &Val<'v>,
    ) -> Result<Val<'v>, TemplateError> {
        let column = command.column;
        self.charge(1, column)?;
        match command.function.as_deref() {
            Some(name @ ("and" | "or")) => self.logic(name, command, piped, dot),
            Some(name) => {
                let mut arguments = Vec::with_capacity(command.operands.len() + 1);
                for operand in &command.operands {
                    arguments.push(self.operand(operand, dot)?);
                }
                arguments.extend(piped);
                let value = function::call(name, &arguments, self.manner, column)?;
                // What is made costs, whether it is written or not.
                self.charge(weight(&value), column)?;
                Ok(value)
            }
            None => {
                let (first, rest) = command
                    .operands
                    .split_first()
                    .expect("a command without a function has an operand");
                let value = self.operand(first, dot)?;
                let mut rest = rest.iter().map(|it| self.operand(it, dot));
                let argument = rest.next().transpose()?.or(piped);
                if rest.next().is_some() {
                    let problem = Problem::Unexpected("...".to_owned());
                    return Err(TemplateError::new(column, problem));
                }
                match argument {
                    None => Ok(value),
                    Some(argument) => self.picked(first, value, &argument),
                }
            }
        }
    }

    /// `.Label "name"`: a field that is asked with an argument.
    fn picked(
        &self,
        of: &Operand,
        value: Val<'v>,
        argument: &Value,
    ) -> Result<Val<'v>, TemplateError> {
        let name = argument.as_str().unwrap_or_default();
        if self.manner == Manner::Heads {
            // docker: the last part of the label's name.
            let last = name.rsplit('.').next().unwrap_or_default();
            let head = last.replace(['-', '_'], " ");
            return Ok(Cow::Owned(Value::String(head)));
        }
        match &*value {
            Value::Object(_) => {
                let arguments = [value, Cow::Owned(argument.clone())];
                function::call("index", &arguments, self.manner, of.column)
            }
            other => {
                let (name, column) = of.fields.last().cloned().unwrap_or_default();
                let problem = Problem::BadArgument {
                    name: format!(".{name}"),
                    found: kind(other),
                };
                Err(TemplateError::new(column.max(1), problem))
            }
        }
    }

    fn logic(
        &mut self,
        name: &str,
        command: &Command,
        piped: Option<Val<'v>>,
        dot: &Val<'v>,
    ) -> Result<Val<'v>, TemplateError> {
        let mut last = None;
        for operand in &command.operands {
            let value = self.operand(operand, dot)?;
            if is_true(&value) == (name == "or") {
                return Ok(value);
            }
            last = Some(value);
        }
        let problem = || Problem::Arguments {
            name: name.to_owned(),
            wanted: "at least 1",
            found: 0,
        };
        piped
            .or(last)
            .ok_or_else(|| TemplateError::new(command.column, problem()))
    }

    fn operand(&mut self, operand: &Operand, dot: &Val<'v>) -> Result<Val<'v>, TemplateError> {
        let column = operand.column;
        let mut value = match &operand.from {
            From::Dot => dot.clone(),
            From::Variable(name) => {
                let known = self.variables.iter().rev().find(|(it, _)| it == name);
                let problem = || Problem::NoVariable(format!("${name}"));
                let known = known.ok_or_else(|| TemplateError::new(column, problem()))?;
                known.1.clone()
            }
            From::Text(text) => Cow::Owned(Value::String(text.clone())),
            From::Number(number, whole) => Cow::Owned(literal(*number, *whole)),
            From::Bool(it) => Cow::Owned(Value::Bool(*it)),
            From::Nil => Cow::Owned(Value::Null),
            From::Function(name) => function::call(name, &[], self.manner, column)?,
            From::Pipeline(inner) => self.pipeline(inner, dot)?,
        };
        if let Cow::Owned(copied) = &value {
            self.charge(weight(copied) / 8, column)?;
        }
        let mut parent = "";
        for (name, column) in &operand.fields {
            self.charge(1, *column)?;
            value = field(value, name, parent, *column, self.manner)?;
            parent = name;
        }
        Ok(value)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the tokens say that it is a whole number"
)]
fn literal(number: f64, whole: bool) -> Value {
    if whole {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// Returns about how much work it was to make a value.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() / 8,
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    }
}

/// Returns a field. `parent` is the field that the value itself is.
fn field<'v>(
    value: Val<'v>,
    name: &str,
    parent: &str,
    column: usize,
    manner: Manner,
) -> Result<Val<'v>, TemplateError> {
    let of = kind(&value);
    let found = match value {
        Cow::Borrowed(Value::Object(fields)) => match fields.get(name) {
            Some(found) => Ok(Cow::Borrowed(found)),
            None => Err(Cow::Borrowed(fields)),
        },
        Cow::Owned(Value::Object(mut fields)) => match fields.remove(name) {
            Some(found) => Ok(Cow::Owned(found)),
            None => Err(Cow::Owned(fields)),
        },
        _ => {
            let name = name.to_owned();
            return Err(TemplateError::new(column, Problem::NoFields { name, of }));
        }
    };
    found.or_else(|fields| {
        if MAPS.contains(&parent) {
            return Ok(Cow::Owned(Value::Null));
        }
        if manner == Manner::Heads && name == "Label" {
            return Ok(Cow::Owned(Value::Null));
        }
        Err(TemplateError::new(column, no_field(name, &fields)))
    })
}

fn no_field(name: &str, fields: &Map<String, Value>) -> Problem {
    let known: Vec<String> = fields.keys().cloned().collect();
    Problem::NoField {
        name: name.to_owned(),
        near: function::nearest(name, &known),
        known,
    }
}

/// What `range` goes over: places and items.
fn items(value: Val<'_>, column: usize) -> Result<Vec<(Val<'_>, Val<'_>)>, TemplateError> {
    let place = |at: usize| Cow::Owned(Value::from(at));
    let name = |name: String| Cow::Owned(Value::String(name));
    Ok(match value {
        Cow::Borrowed(Value::Array(items)) => {
            let items = items.iter().enumerate();
            items
                .map(|(at, it)| (place(at), Cow::Borrowed(it)))
                .collect()
        }
        Cow::Owned(Value::Array(items)) => {
            let items = items.into_iter().enumerate();
            items.map(|(at, it)| (place(at), Cow::Owned(it))).collect()
        }
        Cow::Borrowed(Value::Object(fields)) => {
            let fields = fields.iter();
            fields
                .map(|(it, value)| (name(it.clone()), Cow::Borrowed(value)))
                .collect()
        }
        Cow::Owned(Value::Object(fields)) => {
            let fields = fields.into_iter();
            fields
                .map(|(it, value)| (name(it), Cow::Owned(value)))
                .collect()
        }
        other if other.is_null() => Vec::new(),
        other => {
            let problem = Problem::BadArgument {
                name: "range".to_owned(),
                found: kind(&other),
            };
            return Err(TemplateError::new(column, problem));
        }
    })
}
