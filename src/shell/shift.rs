//! The same script at another place of a file: every span moved by as many bytes.

use super::{
    AndOr, Assignment, Command, Compound, Link, Pipeline, Redirect, Script, Shell, ShellWord, Simple, Terminator,
};
use crate::text::Shift;

impl Shift {
    fn script(self, script: &mut Script) {
        for list in &mut script.lists {
            self.list(list);
        }
    }

    fn list(self, AndOr { span, parts, end }: &mut AndOr) {
        self.span(span);
        for (link, pipeline) in parts {
            if let Link::And(span) | Link::Or(span) = link {
                self.span(span);
            }
            self.pipeline(pipeline);
        }
        if let Terminator::Semicolon(span) | Terminator::Background(span) = end {
            self.span(span);
        }
    }

    fn pipeline(self, Pipeline { span, negated: _, commands }: &mut Pipeline) {
        self.span(span);
        for command in commands {
            match command {
                Command::Simple(simple) => self.simple(simple),
                Command::Subshell(compound)
                | Command::Group(compound)
                | Command::Control(compound)
                | Command::Function(compound) => self.compound(compound),
            }
        }
    }

    fn simple(self, Simple { span, assignments, words, redirects }: &mut Simple) {
        self.span(span);
        for Assignment { name: _, value, span } in assignments {
            self.word(value);
            self.span(span);
        }
        for word in words {
            self.word(word);
        }
        for redirect in redirects {
            self.redirect(redirect);
        }
    }

    fn compound(self, Compound { span, keyword: _, words, bodies, redirects }: &mut Compound) {
        self.span(span);
        for word in words {
            self.word(word);
        }
        for body in bodies {
            self.script(body);
        }
        for redirect in redirects {
            self.redirect(redirect);
        }
    }

    fn word(self, ShellWord { span, literal: _, raw: _, substitutions }: &mut ShellWord) {
        self.span(span);
        for script in substitutions {
            self.script(script);
        }
    }

    fn redirect(self, Redirect { span, operator: _, target, heredoc }: &mut Redirect) {
        self.span(span);
        self.word(target);
        if let Some(heredoc) = heredoc {
            self.word(heredoc);
        }
    }
}

impl Shell {
    /// The same, read from a text that stands `by` bytes further on.
    #[must_use]
    pub fn moved(mut self, by: Shift) -> Self {
        if let (Self::Parsed(script), false) = (&mut self, by.is_none()) {
            by.script(script);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::Logical;
    use crate::shell::{Dialect, Shell, read};

    /// `text`, each line a piece of its own, as it stands from offset `at` on.
    fn stands(text: &str, at: usize) -> Logical {
        let mut logical = Logical::default();
        let mut offset = at;
        for line in text.split_inclusive(' ') {
            logical.push(line, offset);
            // As if a continuation stood between any two words.
            offset += line.len() + 2;
        }
        logical
    }

    #[test]
    fn a_moved_script_is_that_of_the_moved_text() {
        let texts = [
            "A=1 b 'c d' $(e f) >g && ! h | i || (j; k) & { l; } 2>&1",
            "if a; then b; else c; fi; for x in 1 2; do d \"$x\"; done",
            "case $x in a) b ;; *) c ;; esac; [[ -f d ]] && f() { g; }",
            "cat > a <<EOF\nb $(c)\nEOF\n",
        ];
        for text in texts {
            let (here, there) = (stands(text, 7), stands(text, 100));
            let shift = here.shift_to(&there).unwrap();
            let read = |text| read(text, Dialect::Bash);
            assert!(matches!(read(&here), Shell::Parsed(_)), "{text}");
            assert_eq!(read(&here).moved(shift), read(&there), "{text}");
            assert_eq!(read(&there).moved(there.shift_to(&here).unwrap()), read(&here), "{text}");
        }
    }

    #[test]
    fn another_text_or_another_way_of_breaking_it_is_no_move() {
        let mut other = Logical::default();
        other.push("a b", 50);
        assert_eq!(stands("a b", 7).shift_to(&other), None);
        assert_eq!(stands("a b", 7).shift_to(&stands("a c", 7)), None);
    }
}
