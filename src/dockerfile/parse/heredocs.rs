//! Heredocs: which a statement announces, and where their bodies are.

use super::super::expand::{Lexer, Unresolved};
use super::super::{Args, Heredoc, Instruction, Keyword};
use super::Reader;
use super::lines::Line;
use crate::text::Span;

/// The instruction to which heredocs belong, if there can be any: RUN, COPY or ADD outside JSON form, also right
/// under one ONBUILD (`canContainHeredoc` in `parser.go`).
pub(super) fn carrier(instruction: &mut Instruction) -> Option<&mut Instruction> {
    let instruction = match instruction.keyword {
        Keyword::Onbuild => match &mut instruction.args {
            Args::Onbuild(inner) => inner,
            _ => return None,
        },
        _ => instruction,
    };
    let takes_heredocs = matches!(instruction.keyword, Keyword::Run | Keyword::Copy | Keyword::Add);
    (takes_heredocs && !instruction.is_json()).then_some(instruction)
}

/// The heredocs that the words of `statement` announce, their bodies still empty.
///
/// The whole statement goes through the shell lexer, keyword and flags included, and always with `\` for an escape
/// character; where the lexer gives up there are no heredocs (`heredocsFromLine` in `parser.go`).
pub(super) fn announced(statement: &str) -> Result<Vec<Heredoc>, Unresolved> {
    let mut lexer = Lexer::for_heredocs(statement);
    lexer.raw_quotes = true;
    lexer.raw_escapes = true;
    let words = lexer.words().unwrap_or_default();
    words.iter().filter_map(|word| announcement(word).transpose()).collect()
}

/// Reads `3<<-"NAME"` (`heredocFromMatch` in `parser.go`).
fn announcement(word: &str) -> Result<Option<Heredoc>, Unresolved> {
    let Some((fd, chomp, name)) = split(word) else { return Ok(None) };
    let unquoted = Lexer::for_heredocs(name).words()?;
    let [name_without_quotes] = unquoted.as_slice() else { return Ok(None) };
    let mut raw = Lexer::for_heredocs(name);
    raw.raw_quotes = true;
    let quoted = raw.words()?;
    let [name_with_quotes] = quoted.as_slice() else { return Err(Unresolved::Quote('"')) };
    Ok(Some(Heredoc {
        name: name_without_quotes.clone(),
        fd,
        // Quotes that the lexer removed say that the body is to be taken as it stands.
        expand: quotes(name_without_quotes) == quotes(name_with_quotes),
        chomp,
        body: Span::default(),
        terminator: Span::default(),
    }))
}

/// `^(\d*)<<(-?)\s*([^<]*)$`: the descriptor, whether a dash follows, and the name if there is one.
fn split(word: &str) -> Option<(u32, bool, &str)> {
    let (fd, name) = word.split_once("<<")?;
    if !fd.bytes().all(|byte| byte.is_ascii_digit()) || name.contains('<') {
        return None;
    }
    let fd = if fd.is_empty() { 0 } else { fd.parse().unwrap_or(u32::MAX) };
    let (chomp, name) = name.strip_prefix('-').map_or((false, name), |name| (true, name));
    let name = name.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
    (!name.is_empty()).then_some((fd, chomp, name))
}

fn quotes(text: &str) -> usize {
    text.matches(['\'', '"']).count()
}

impl<'t> Reader<'t> {
    /// Reads the body of `heredoc` up to its name on a line of its own; gives the last line read. Without such a
    /// line the body is the rest of the file.
    pub(super) fn heredoc_body(&mut self, heredoc: &mut Heredoc) -> Option<Line<'t>> {
        let start = self.lines.position();
        let mut last = None;
        while let Some(line) = self.next_line() {
            last = Some(line);
            let text = if heredoc.chomp { line.text.trim_start_matches('\t') } else { line.text };
            if text == heredoc.name {
                heredoc.body = Span::new(start, line.span.start);
                heredoc.terminator = line.code_span();
                return last;
            }
        }
        let end = self.lines.position();
        heredoc.body = Span::new(start, end);
        heredoc.terminator = Span::at(end);
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(statement: &str) -> Vec<(String, u32, bool, bool)> {
        let found = announced(statement).unwrap();
        found.into_iter().map(|doc| (doc.name, doc.fd, doc.expand, doc.chomp)).collect()
    }

    #[test]
    fn names_as_the_shell_reads_them() {
        assert_eq!(
            names("RUN cat <<A 3<<-'B' >x <<\"C\"d"),
            [("A".into(), 0, true, false), ("B".into(), 3, false, true), ("Cd".into(), 0, false, false),]
        );
        assert_eq!(names("RUN cat << EOF"), [("EOF".into(), 0, true, false)]);
        assert_eq!(names(r"RUN <<\'E"), [("'E".into(), 0, true, false)]);
        assert_eq!(names("RUN <<$x"), [("$x".into(), 0, true, false)]);
    }

    #[test]
    fn what_is_no_heredoc() {
        for statement in
            ["RUN cat <<<EOF", "RUN cat <<- EOF", "RUN a<<EOF", "RUN '<<EOF'", "RUN cat << ", "RUN ' <<EOF", "RUN <<''"]
        {
            assert_eq!(names(statement), [], "{statement}");
        }
    }

    #[test]
    fn the_oddities_of_buildkit_1_26() {
        // Arithmetic is no shell word to the lexer: `$((1 << 2))` announces a heredoc called `2))`.
        assert_eq!(names("RUN echo $((1 << 2))"), [("2))".into(), 0, true, false)]);
        // A substitution with a word in it drops what the word around it had so far.
        assert_eq!(names("RUN <<${x:-E}"), []);
        assert_eq!(names("RUN ${x:- <<E }"), [("E".into(), 0, true, false)]);
        assert!(announced(r#"RUN ${x:- <<\" }"#).is_err());
    }
}
