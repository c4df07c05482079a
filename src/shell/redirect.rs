//! Redirects and heredoc bodies.

use super::read::{Opaque, Reader};
use super::{Dialect, Redirect, ShellWord, substitutions, words};
use shuck_ast as ast;

/// Longest first, so that the first match is the operator.
const OPERATORS: [&str; 12] = ["<<<", "<<-", "&>>", "<<", "<>", "<&", ">>", ">|", ">&", "&>", "<", ">"];

/// Where a redirect starts: `{name}` before the operator is not part of the tree's span.
pub(super) fn start(redirect: &ast::Redirect) -> usize {
    let start = redirect.span.start.offset();
    redirect.fd_var_span.map_or(start, |name| name.start.offset().saturating_sub(1))
}

impl Reader<'_> {
    /// The next redirect; `None` for one that the tree invents (`&>>file` is `>>file` and `2>&1` there).
    pub(super) fn redirect(&mut self, redirect: &ast::Redirect) -> Result<Option<Redirect>, Opaque> {
        let (start, end) = (start(redirect), redirect.span.end.offset());
        if end <= self.pos {
            return Ok(None);
        }
        self.expect(start)?;
        let text = self.slice(start, end)?;
        let operator = operator(text).ok_or_else(|| self.lost())?;
        if operator.starts_with("&>") && self.dialect == Dialect::Sh {
            return Err(format!("`{operator}` runs the command in the background in dash"));
        }
        let at = start + text.find(operator).unwrap_or(0) + operator.len();
        let at = self.skip_blanks(at).min(end);
        let span = self.file_span(start, end)?;
        let operator = operator.to_owned();
        let (target, heredoc) = match &redirect.target {
            ast::RedirectTarget::Word(word) => {
                let inner = substitutions::of_word(word);
                let substitutions = self.substitutions(at, end, &inner)?;
                (ShellWord { substitutions, ..self.plain(at, end)? }, None)
            }
            ast::RedirectTarget::Heredoc(heredoc) => (self.plain(at, end)?, Some(self.heredoc_body(heredoc)?)),
        };
        self.jump(end)?;
        Ok(Some(Redirect { span, operator, target, heredoc }))
    }

    /// The body of a heredoc as a word: its value when nothing in it expands, and the scripts in it.
    fn heredoc_body(&mut self, heredoc: &ast::Heredoc) -> Result<ShellWord, Opaque> {
        let span = heredoc.body.span;
        let (start, end) = (span.start.offset(), span.end.offset());
        self.remember_heredoc(&span);
        let text = self.slice(start, end)?;
        let substitutions = if heredoc.delimiter.expands_body {
            self.substitutions(start, end, &substitutions::of_heredoc(&heredoc.body))?
        } else {
            vec![]
        };
        let expands = heredoc.delimiter.expands_body && text.contains(['$', '`', '\\']);
        let literal =
            (!expands).then(|| if heredoc.delimiter.strip_tabs { words::without_tabs(text) } else { text.into() });
        Ok(ShellWord { span: self.file_span(start, end)?, literal, raw: text.into(), substitutions })
    }
}

/// The operator of a redirect, behind its descriptor.
fn operator(text: &str) -> Option<&'static str> {
    let rest = match text.strip_prefix('{') {
        Some(named) => named.split_once('}')?.1,
        None => text.trim_start_matches(|c: char| c.is_ascii_digit()),
    };
    OPERATORS.into_iter().find(|operator| rest.starts_with(operator))
}
