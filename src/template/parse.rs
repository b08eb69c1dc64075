//! Tokens to a tree.

use super::error::{Problem, TemplateError};
use super::token::{Piece, Token, split};

/// A piece of the output.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Text(String),
    /// A pipeline whose value is written, unless it sets a variable.
    Write(Pipeline),
    If {
        condition: Pipeline,
        then: Vec<Node>,
        otherwise: Vec<Node>,
        /// `with` makes the value the dot.
        with: bool,
    },
    Range {
        over: Pipeline,
        /// The variables for the place and the item.
        names: Vec<String>,
        body: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Break,
    Continue,
}

/// `$name := command | command`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipeline {
    pub column: usize,
    /// The variable that is set, and whether it is a new one.
    pub set: Option<(String, bool)>,
    pub commands: Vec<Command>,
}

/// `operand` or `function operand operand`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    pub column: usize,
    pub function: Option<String>,
    pub operands: Vec<Operand>,
}

/// A value that is named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub column: usize,
    pub from: From,
    /// The fields behind it, each with its column.
    pub fields: Vec<(String, usize)>,
}

/// Where a value begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum From {
    Dot,
    Variable(String),
    Text(String),
    Number(f64, bool),
    Bool(bool),
    Nil,
    /// A function without arguments, among arguments.
    Function(String),
    Pipeline(Box<Pipeline>),
}

/// How deep parentheses and blocks may be nested.
const DEEPEST: usize = 100;

/// Reads a template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, TemplateError> {
    let mut parser = Parser {
        pieces: split(text)?.into_iter(),
        depth: 0,
        ranges: 0,
    };
    let (nodes, end) = parser.block()?;
    match end {
        None => Ok(nodes),
        Some(end) => Err(TemplateError::new(end.column, Problem::NotOpen(end.word))),
    }
}

/// Whether a field of the outermost value is named anywhere; wherever the name stands counts.
pub(super) fn names(nodes: &[Node], field: &str) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text(_) | Node::Break | Node::Continue => false,
        Node::Write(pipeline) => in_pipeline(pipeline, field),
        Node::If {
            condition,
            then,
            otherwise,
            ..
        } => in_pipeline(condition, field) || names(then, field) || names(otherwise, field),
        Node::Range {
            over,
            body,
            otherwise,
            ..
        } => in_pipeline(over, field) || names(body, field) || names(otherwise, field),
    })
}

fn in_pipeline(pipeline: &Pipeline, field: &str) -> bool {
    let in_operand = |operand: &Operand| {
        let inside = match &operand.from {
            From::Pipeline(inner) => in_pipeline(inner, field),
            // The whole row may be written: `{{json .}}`.
            From::Dot | From::Variable(_) => operand.fields.is_empty(),
            _ => false,
        };
        inside || operand.fields.iter().any(|(name, _)| name == field)
    };
    let mut commands = pipeline.commands.iter();
    commands.any(|command| command.operands.iter().any(in_operand))
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    depth: usize,
    /// How many `range` are open, for `break`.
    ranges: usize,
}

/// What ended a block: `end`, or `else` with what follows it.
struct End {
    word: String,
    column: usize,
    rest: Vec<(Token, usize)>,
}

impl Parser {
    /// Reads up to the end of a block, or of the template.
    fn block(&mut self) -> Result<(Vec<Node>, Option<End>), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (tokens, column) = match piece {
                Piece::Text(text) => {
                    if !text.is_empty() {
                        nodes.push(Node::Text(text));
                    }
                    continue;
                }
                Piece::Action(tokens, column) => (tokens, column),
            };
            let word = match tokens.first() {
                Some((Token::Word(word), _)) => word.clone(),
                _ => String::new(),
            };
            let rest = || tokens[1..].to_vec();
            match word.as_str() {
                "end" | "else" => {
                    let rest = rest();
                    return Ok((nodes, Some(End { word, column, rest })));
                }
                "if" | "with" => nodes.push(self.condition(&word, column, rest())?),
                "range" => nodes.push(self.range(column, rest())?),
                "break" | "continue" if self.ranges == 0 => {
                    return Err(TemplateError::new(column, Problem::NotOpen(word)));
                }
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                _ => nodes.push(Node::Write(Line::new(tokens, column).whole(self.depth)?)),
            }
        }
        Ok((nodes, None))
    }

    fn deeper(&mut self, column: usize) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(TemplateError::new(column, Problem::TooMuch));
        }
        Ok(())
    }

    fn condition(
        &mut self,
        word: &str,
        column: usize,
        tokens: Vec<(Token, usize)>,
    ) -> Result<Node, TemplateError> {
        self.deeper(column)?;
        let condition = Line::new(tokens, column).whole(self.depth)?;
        let (then, end) = self.block()?;
        let otherwise = self.otherwise(word, column, end)?;
        self.depth -= 1;
        Ok(Node::If {
            condition,
            then,
            otherwise,
            with: word == "with",
        })
    }

    /// Reads what follows `else`, up to the end.
    fn otherwise(
        &mut self,
        word: &str,
        column: usize,
        end: Option<End>,
    ) -> Result<Vec<Node>, TemplateError> {
        let Some(end) = end else {
            return Err(TemplateError::new(column, Problem::NoEnd(word.to_owned())));
        };
        if end.word == "end" {
            return no_more(&end).map(|()| Vec::new());
        }
        // `else if` and `else with` are an `if` in the `else`, with one `end` for both.
        if let Some((Token::Word(inner), at)) = end.rest.first()
            && (inner == "if" || inner == "with")
        {
            let (inner, at, rest) = (inner.clone(), *at, end.rest[1..].to_vec());
            return Ok(vec![self.condition(&inner, at, rest)?]);
        }
        no_more(&end)?;
        let (nodes, last) = self.block()?;
        match last {
            Some(last) if last.word == "end" => no_more(&last).map(|()| nodes),
            Some(last) => Err(TemplateError::new(last.column, Problem::NotOpen(last.word))),
            None => Err(TemplateError::new(column, Problem::NoEnd(word.to_owned()))),
        }
    }

    fn range(&mut self, column: usize, tokens: Vec<(Token, usize)>) -> Result<Node, TemplateError> {
        self.deeper(column)?;
        let mut line = Line::new(tokens, column);
        let names = line.range_names();
        let over = line.whole(self.depth)?;
        self.ranges += 1;
        let (body, end) = self.block()?;
        self.ranges -= 1;
        let otherwise = self.otherwise("range", column, end)?;
        self.depth -= 1;
        Ok(Node::Range {
            over,
            names,
            body,
            otherwise,
        })
    }
}

fn no_more(end: &End) -> Result<(), TemplateError> {
    match end.rest.first() {
        None => Ok(()),
        Some((token, column)) => Err(unexpected(token, *column)),
    }
}

fn unexpected(token: &Token, column: usize) -> TemplateError {
    let shown = match token {
        Token::Word(word) => word.clone(),
        Token::Dot => ".".to_owned(),
        Token::Field { name, .. } => format!(".{name}"),
        Token::Variable(name) => format!("${name}"),
        Token::Text(text) => format!("\"{text}\""),
        Token::Number(number, _) => number.to_string(),
        Token::Sign(sign) => (*sign).to_owned(),
    };
    TemplateError::new(column, Problem::Unexpected(shown))
}

/// The tokens of one action.
struct Line {
    tokens: Vec<(Token, usize)>,
    at: usize,
    column: usize,
}

impl Line {
    fn new(tokens: Vec<(Token, usize)>, column: usize) -> Self {
        Self {
            tokens,
            at: 0,
            column,
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn column(&self) -> usize {
        let next = self.tokens.get(self.at).or(self.tokens.last());
        next.map_or(self.column, |(_, column)| *column)
    }

    fn take(&mut self, sign: &'static str) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    /// Reads all tokens as one pipeline.
    fn whole(mut self, depth: usize) -> Result<Pipeline, TemplateError> {
        let pipeline = self.pipeline(depth)?;
        match self.tokens.get(self.at) {
            None => Ok(pipeline),
            Some((token, column)) => Err(unexpected(token, *column)),
        }
    }

    /// `$a, $b :=` before what is ranged over.
    fn range_names(&mut self) -> Vec<String> {
        let is_sign = |at: usize, sign: &'static str| {
            self.tokens.get(at).map(|(token, _)| token) == Some(&Token::Sign(sign))
        };
        let name = |at: usize| match self.tokens.get(at) {
            Some((Token::Variable(name), _)) => Some(name.clone()),
            _ => None,
        };
        if let Some(item) = name(0).filter(|_| is_sign(1, ":=")) {
            self.at = 2;
            return vec![item];
        }
        if let (Some(place), Some(item)) = (name(0), name(2))
            && is_sign(1, ",")
            && is_sign(3, ":=")
        {
            self.at = 4;
            return vec![place, item];
        }
        Vec::new()
    }

    fn pipeline(&mut self, depth: usize) -> Result<Pipeline, TemplateError> {
        let column = self.column();
        if depth > DEEPEST {
            return Err(TemplateError::new(column, Problem::TooMuch));
        }
        let mut set = None;
        if let (Some((Token::Variable(name), _)), Some((Token::Sign(sign @ (":=" | "=")), _))) =
            (self.tokens.get(self.at), self.tokens.get(self.at + 1))
        {
            set = Some((name.clone(), *sign == ":="));
            self.at += 2;
        }
        let mut commands = vec![self.command(depth)?];
        while self.take("|") {
            commands.push(self.command(depth)?);
        }
        Ok(Pipeline {
            column,
            set,
            commands,
        })
    }

    fn command(&mut self, depth: usize) -> Result<Command, TemplateError> {
        let column = self.column();
        let mut command = Command {
            column,
            function: None,
            operands: Vec::new(),
        };
        if let Some(Token::Word(word)) = self.peek()
            && !matches!(word.as_str(), "true" | "false" | "nil")
        {
            super::function::known(word, column)?;
            command.function = Some(word.clone());
            self.at += 1;
        }
        while let Some(operand) = self.operand(depth)? {
            command.operands.push(operand);
        }
        if command.function.is_none() && command.operands.is_empty() {
            return Err(match self.tokens.get(self.at) {
                Some((token, column)) => unexpected(token, *column),
                None => TemplateError::new(column, Problem::Missing("a value")),
            });
        }
        Ok(command)
    }

    fn operand(&mut self, depth: usize) -> Result<Option<Operand>, TemplateError> {
        let column = self.column();
        let mut fields = Vec::new();
        let from = match self.peek() {
            None | Some(Token::Sign(")" | "|" | "," | "=" | ":=")) => return Ok(None),
            Some(Token::Sign(_)) => {
                self.at += 1;
                let inner = self.pipeline(depth + 1)?;
                if !self.take(")") {
                    return Err(TemplateError::new(self.column(), Problem::Missing("`)`")));
                }
                self.at -= 1;
                From::Pipeline(Box::new(inner))
            }
            Some(Token::Field { name, .. }) => {
                fields.push((name.clone(), column));
                From::Dot
            }
            Some(Token::Dot) => From::Dot,
            Some(Token::Variable(name)) => From::Variable(name.clone()),
            Some(Token::Text(text)) => From::Text(text.clone()),
            Some(Token::Number(number, whole)) => From::Number(*number, *whole),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => From::Bool(true),
                "false" => From::Bool(false),
                "nil" => From::Nil,
                _ => {
                    super::function::known(word, column)?;
                    From::Function(word.clone())
                }
            },
        };
        self.at += 1;
        while let Some((Token::Field { name, after: true }, column)) = self.tokens.get(self.at) {
            fields.push((name.clone(), *column));
            self.at += 1;
        }
        Ok(Some(Operand {
            column,
            from,
            fields,
        }))
    }
}
