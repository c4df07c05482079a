//! Compound commands and function definitions.

use super::read::{Opaque, Reader};
use super::{Command, Compound, Dialect, Pipeline, Script, ShellWord, substitutions, words};
use shuck_ast::{self as ast, CompoundCommand as Tree};

/// What stands in one kind of compound: the opening word, the inner words and scripts.
struct Inside {
    keyword: &'static str,
    words: Vec<ShellWord>,
    bodies: Vec<Script>,
}

impl Reader<'_> {
    /// A compound command and its redirects, from the cursor on.
    pub(super) fn compound(&mut self, compound: &Tree, redirects: &[ast::Redirect]) -> Result<Command, Opaque> {
        let start = self.skip_blanks(self.pos);
        let (keyword, words, bodies) = match compound {
            Tree::Subshell(body) => ("(", vec![], vec![self.bracketed("(", body, ")")?]),
            Tree::BraceGroup(body) => ("{", vec![], vec![self.bracketed("{", body, "}")?]),
            Tree::Time(time) => ("time", vec![], self.timed(time)?),
            _ => {
                let inside = self.inside(compound)?;
                (inside.keyword, inside.words, inside.bodies)
            }
        };
        let mut found = vec![];
        for redirect in redirects {
            found.extend(self.redirect(redirect)?);
        }
        let span = self.file_span(start, self.pos)?;
        let read = Compound { span, keyword: keyword.into(), words, bodies, redirects: found };
        Ok(match compound {
            Tree::Subshell(_) => Command::Subshell(read),
            Tree::BraceGroup(_) => Command::Group(read),
            _ => Command::Control(read),
        })
    }

    /// `name() body`, `function name body`.
    pub(super) fn function(&mut self, function: &ast::FunctionDef) -> Result<Command, Opaque> {
        let header = function.header.span();
        self.expect(function.span.start.offset())?;
        let start = self.pos;
        let name = function.header.entries.first().map(|entry| entry.word.span).ok_or_else(|| self.lost())?;
        let keyword = self.slice(name.start.offset(), name.end.offset())?.to_owned();
        self.jump(header.end.offset())?;
        let (bodies, redirects) = match self.command(&function.body)? {
            Command::Group(group) => (group.bodies, group.redirects),
            body => (vec![Script::of(Pipeline::of(body))], vec![]),
        };
        let span = self.file_span(start, self.pos)?;
        Ok(Command::Function(Compound { span, keyword, words: vec![], bodies, redirects }))
    }

    fn bracketed(&mut self, open: &str, body: &ast::StmtSeq, close: &str) -> Result<Script, Opaque> {
        self.expect_token(open)?;
        let script = self.lists(body)?;
        self.expect_token(close)?;
        Ok(script)
    }

    fn timed(&mut self, time: &ast::TimeCommand) -> Result<Vec<Script>, Opaque> {
        self.expect_token("time")?;
        if time.posix_format {
            self.expect_token("-p")?;
        }
        let Some(command) = &time.command else { return Ok(vec![]) };
        let pipeline = self.pipeline(command)?;
        Ok(vec![Script::of(pipeline)])
    }

    /// A compound with a reserved word at its start and one at its end.
    fn inside(&mut self, compound: &Tree) -> Result<Inside, Opaque> {
        match compound {
            Tree::If(it) => self.conditional(it),
            Tree::While(it) => self.repeated("while", &it.condition, &it.body),
            Tree::Until(it) => self.repeated("until", &it.condition, &it.body),
            Tree::For(it) => self.for_loop(it),
            Tree::ArithmeticFor(it) => {
                self.expect_token("for")?;
                self.no_substitution(it.left_paren_span.start.offset(), it.right_paren_span.end.offset())?;
                let body = self.lists_ahead(&it.body)?;
                self.closed("for", vec![], vec![body], "done")
            }
            Tree::Select(it) => {
                self.expect_token("select")?;
                let words = it.words.iter().map(|word| self.word_ahead(word)).collect::<Result<_, _>>()?;
                let body = self.lists_ahead(&it.body)?;
                self.closed("select", words, vec![body], "done")
            }
            Tree::Case(it) => self.case(it),
            Tree::Conditional(it) => {
                self.expect_token("[[")?;
                let words = self.operands(&it.expression)?;
                self.jump(it.right_bracket_span.start.offset())?;
                self.closed("[[", words, vec![], "]]")
            }
            Tree::Arithmetic(_) if self.dialect == Dialect::Sh => {
                Err("`((` is arithmetic in Bash and opens two subshells in dash".into())
            }
            Tree::Arithmetic(it) => {
                self.expect_token("((")?;
                self.no_substitution(it.left_paren_span.end.offset(), it.right_paren_span.start.offset())?;
                self.jump(it.right_paren_span.start.offset())?;
                self.closed("((", vec![], vec![], "))")
            }
            Tree::Coproc(_) => Err("starts a coprocess".into()),
            _ => Err(self.lost()),
        }
    }

    /// What was found, after a check that nothing but the closing word follows.
    fn closed(
        &mut self,
        keyword: &'static str,
        words: Vec<ShellWord>,
        bodies: Vec<Script>,
        close: &str,
    ) -> Result<Inside, Opaque> {
        self.expect_token(close)?;
        Ok(Inside { keyword, words, bodies })
    }

    /// The scripts of `sequence` behind the reserved word `before`.
    fn lists_after(&mut self, before: &str, sequence: &ast::StmtSeq) -> Result<Script, Opaque> {
        self.expect_token(before)?;
        self.lists_ahead(sequence)
    }

    fn conditional(&mut self, it: &ast::IfCommand) -> Result<Inside, Opaque> {
        let ast::IfSyntax::ThenFi { .. } = it.syntax else { return Err(self.lost()) };
        let mut bodies = vec![self.lists_after("if", &it.condition)?, self.lists_after("then", &it.then_branch)?];
        for (condition, branch) in &it.elif_branches {
            bodies.push(self.lists_after("elif", condition)?);
            bodies.push(self.lists_after("then", branch)?);
        }
        if let Some(branch) = &it.else_branch {
            bodies.push(self.lists_after("else", branch)?);
        }
        self.closed("if", vec![], bodies, "fi")
    }

    fn repeated(
        &mut self,
        keyword: &'static str,
        condition: &ast::StmtSeq,
        body: &ast::StmtSeq,
    ) -> Result<Inside, Opaque> {
        let bodies = vec![self.lists_after(keyword, condition)?, self.lists_after("do", body)?];
        self.closed(keyword, vec![], bodies, "done")
    }

    fn for_loop(&mut self, it: &ast::ForCommand) -> Result<Inside, Opaque> {
        self.expect_token("for")?;
        let close = match it.syntax {
            ast::ForSyntax::InDoDone { .. } => "done",
            ast::ForSyntax::InBrace { .. } => "}",
            _ => return Err(self.lost()),
        };
        let names = it.targets.iter().map(|target| &target.word);
        let words = names.chain(it.words.iter().flatten());
        let words = words.map(|word| self.word_ahead(word)).collect::<Result<_, _>>()?;
        let body = self.lists_ahead(&it.body)?;
        self.closed("for", words, vec![body], close)
    }

    fn case(&mut self, it: &ast::CaseCommand) -> Result<Inside, Opaque> {
        self.expect_token("case")?;
        let (mut words, mut bodies) = (vec![self.word_ahead(&it.word)?], vec![]);
        for arm in &it.cases {
            for pattern in &arm.patterns {
                self.jump(pattern.span.start.offset())?;
                words.push(self.word_with(&pattern.span, &substitutions::of_pattern(pattern))?);
            }
            self.expect_token(")")?;
            if arm.body.is_empty() {
                bodies.push(Script::default());
            } else {
                bodies.push(self.lists_ahead(&arm.body)?);
            }
            // Its span is wrong inside substitutions; the text is not.
            if arm.terminator_span.is_some() {
                self.expect_token(match arm.terminator {
                    ast::CaseTerminator::Break => ";;",
                    ast::CaseTerminator::FallThrough => ";&",
                    ast::CaseTerminator::Continue => ";;&",
                    ast::CaseTerminator::ContinueMatching => return Err(self.lost()),
                })?;
            }
        }
        self.closed("case", words, bodies, "esac")
    }

    /// The words of a `[[ … ]]`, in order. Chains of `&&` lean left and may be long: no recursion.
    fn operands(&mut self, expression: &ast::ConditionalExpr) -> Result<Vec<ShellWord>, Opaque> {
        use ast::ConditionalExpr as Part;
        let (mut words, mut open) = (vec![], vec![expression]);
        while let Some(part) = open.pop() {
            match part {
                Part::Binary(binary) => open.extend([&*binary.right, &*binary.left]),
                Part::Unary(unary) => open.push(&unary.expr),
                Part::Parenthesized(inner) => open.push(&inner.expr),
                Part::Word(word) | Part::Regex(word) => words.push(self.word_ahead(word)?),
                Part::Pattern(pattern) => {
                    self.jump(pattern.span.start.offset())?;
                    words.push(self.word_with(&pattern.span, &substitutions::of_pattern(pattern))?);
                }
                Part::VarRef(name) => {
                    self.jump(name.span.start.offset())?;
                    words.push(self.word_with(&name.span, &substitutions::of_reference(name))?);
                }
            }
        }
        Ok(words)
    }

    fn no_substitution(&self, start: usize, end: usize) -> Result<(), Opaque> {
        if words::may_substitute(self.slice(start, end)?) {
            return Err("holds a command substitution inside `(( … ))`".into());
        }
        Ok(())
    }
}
