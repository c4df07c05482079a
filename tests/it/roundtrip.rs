//! The reader loses no byte, never panics and takes linear time, whatever it is given.

use crate::agreement::nasty;
use dfslim::dockerfile::{Args, Dockerfile, Instruction, Item, ItemKind, Word};
use dfslim::text::Span;

fn nasty_texts() -> Vec<String> {
    nasty().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn nasty_files_and_their_crlf_twins_keep_every_byte() {
    for text in nasty_texts() {
        check(&text);
        let twin = text.replace("\r\n", "\n").replace('\n', "\r\n");
        check(&twin);
        assert_eq!(outline(&text.replace("\r\n", "\n")), outline(&twin));
    }
}

#[test]
fn mutants_keep_every_byte() {
    let texts = nasty_texts();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..6_000 {
        let mut text = texts[round % texts.len()].clone();
        for _ in 0..=random.below(4) {
            text = mutant(&text, &texts, &mut random);
        }
        check(&text);
    }
}

/// What must hold for any text.
fn check(text: &str) {
    let file = Dockerfile::parse(text);
    assert_eq!(file.text(), text);
    let mut end = 0;
    for item in file.items() {
        assert_eq!(item.span.start, end, "spans must tile {text:?}");
        let before = &text[..item.span.start];
        assert!(before.is_empty() || before == "\u{feff}" || before.ends_with('\n'), "whole lines in {text:?}");
        assert!(!item.span.is_empty());
        end = item.span.end;
        check_item(&file, item);
    }
    assert_eq!(end, text.len(), "spans must tile {text:?}");
    for problem in file.problems() {
        assert!(problem.span.end <= text.len() && text.get(problem.span.range()).is_some(), "{problem:?} of {text:?}");
    }
    assert_eq!(file.clone().items(), file.items());
}

fn check_item(file: &Dockerfile, item: &Item) {
    let code = item.span.of(file.text()).trim();
    match &item.kind {
        ItemKind::ByteOrderMark => assert_eq!(item.span, Span::new(0, 3)),
        ItemKind::Directive { .. } | ItemKind::Comment => assert!(code.starts_with('#')),
        ItemKind::Blank => assert_eq!(code, ""),
        ItemKind::Instruction(instruction) => {
            assert_eq!(instruction.span, item.span);
            assert_eq!(instruction.first_line, file.lines().line(item.span.start));
            assert_eq!(instruction.last_line, file.lines().line(item.span.end - 1));
            check_instruction(file, instruction);
        }
    }
}

fn check_instruction(file: &Dockerfile, instruction: &Instruction) {
    let text = file.text();
    let Instruction { span, code, keyword_span, rest, .. } = instruction;
    assert!(span.contains(*code) && code.contains(*keyword_span));
    assert!(instruction.flags.iter().all(|flag| code.contains(flag.span) && text.get(flag.span.range()).is_some()));
    assert!(rest.span().is_none_or(|rest| code.contains(rest)));
    for at in 0..rest.text().len() {
        let place = rest.file_offset(at).unwrap();
        assert_eq!(rest.text().as_bytes()[at], text.as_bytes()[place], "{at} of {instruction:?} in {text:?}");
    }
    for comment in &instruction.comments {
        assert!(span.contains(*comment) && comment.of(text).trim_start().starts_with('#'));
    }
    check_args(text, instruction, &instruction.args);
    let mut end = code.end;
    for heredoc in &instruction.heredocs {
        assert!(heredoc.body.start >= end && heredoc.terminator.start == heredoc.body.end);
        let terminator = heredoc.terminator.of(text);
        let terminator = if heredoc.chomp { terminator.trim_start_matches('\t') } else { terminator };
        assert!(terminator == heredoc.name || heredoc.terminator == Span::at(text.len()));
        end = heredoc.terminator.end;
    }
}

fn check_args(text: &str, instruction: &Instruction, args: &Args) {
    let check = |word: &Word| {
        assert!(instruction.code.contains(word.span) && text.get(word.span.range()).is_some(), "{word:?} in {text:?}");
    };
    match args {
        Args::Json(words) => {
            words.iter().for_each(check);
            assert!(words.iter().all(|word| word.span.of(text).starts_with('"') && word.span.of(text).ends_with('"')));
        }
        Args::Words(words) => words.iter().for_each(check),
        Args::Pairs(pairs) => pairs.iter().flat_map(|pair| [&pair.key, &pair.value]).for_each(check),
        Args::Healthcheck { kind, command } => {
            check(kind);
            if let Some(command) = command {
                check_args(text, instruction, command);
            }
        }
        Args::Onbuild(inner) => {
            assert!(instruction.span.contains(inner.code));
            check_instruction(&Dockerfile::parse(text), inner);
        }
        Args::Text => {}
    }
}

/// What a change of the line ends must not change.
fn outline(text: &str) -> Vec<String> {
    let file = Dockerfile::parse(text);
    let line = |instruction: &Instruction| {
        let flags: Vec<_> = instruction.flags.iter().map(|flag| (&flag.name, &flag.value)).collect();
        let form = std::mem::discriminant(&instruction.args);
        let lines = (instruction.first_line, instruction.last_line, instruction.comments.len());
        let heredocs: Vec<_> =
            instruction.heredocs.iter().map(|doc| (&doc.name, doc.fd, doc.expand, doc.chomp)).collect();
        format!("{} {flags:?} {:?} {form:?} {lines:?} {heredocs:?}", instruction.keyword, instruction.rest.text())
    };
    let problems = file.problems().iter().map(|problem| problem.message.clone());
    file.instructions().map(line).chain(problems).collect()
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or_default() % bound
    }

    /// A place in `text` between two characters.
    fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
    }

    /// A stretch of `text`: up to a dozen bytes, or a line.
    fn stretch<'t>(&mut self, text: &'t str) -> (usize, &'t str) {
        let start = self.place(text);
        if self.below(2) == 0 {
            let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
            return (start, &text[start..end]);
        }
        let end = (start + self.below(12)..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        (start, &text[start..end])
    }
}

/// `text` with one stretch deleted, doubled, moved, or brought from elsewhere.
fn mutant(text: &str, others: &[String], random: &mut Random) -> String {
    const BITS: [&str; 32] = [
        "\\\n",
        "`\n",
        "\\",
        "#",
        "# x\n",
        "\n",
        "\r",
        "\r\n",
        "\u{feff}",
        "<<E",
        "<<-'E'",
        "E\n",
        "\"",
        "'",
        "[",
        "]",
        "[\"a\"]",
        ",",
        "=",
        "--",
        "--a=b ",
        "$",
        "${a:-",
        "}",
        "ONBUILD ",
        "RUN ",
        "ENV ",
        "\u{a0}",
        "\u{2801}",
        "\t",
        "# escape=`\n",
        "HEALTHCHECK CMD ",
    ];
    let (start, stretch) = random.stretch(text);
    let end = start + stretch.len();
    let place = random.place(text);
    match random.below(5) {
        0 => [&text[..start], &text[end..]].concat(),
        1 => [&text[..end], &text[start..]].concat(),
        2 => [&text[..place], stretch, &text[place..]].concat(),
        3 => [&text[..place], BITS[random.below(BITS.len())], &text[place..]].concat(),
        _ => {
            let other = &others[random.below(others.len())];
            [&text[..place], random.stretch(other).1, &text[place..]].concat()
        }
    }
}

#[test]
fn a_line_may_have_65535_bytes() {
    let text = |len: usize, end: &str| format!("RUN {}{end}FROM a\n", "x".repeat(len - 4));
    let refused = |text: &str| Dockerfile::parse(text).problems().iter().any(|problem| problem.fatal);
    assert!(!refused(&text(65_535, "\n")) && refused(&text(65_536, "\n")));
    assert!(!refused(&text(65_534, "\r\n")) && refused(&text(65_535, "\r\n")));
    let last = |len: usize| format!("RUN {}", "x".repeat(len - 4));
    assert!(!refused(&last(65_535)) && refused(&last(65_536)));
    let marked = |len: usize| format!("\u{feff}{}", last(len - 3));
    assert!(!refused(&marked(65_535)) && refused(&marked(65_536)));
    check(&text(65_536, "\n"));
}

/// Anything worse than linear would not end; how fast it is, the benchmarks say.
#[test]
fn large_inputs_are_read_whole_and_on_little_stack() {
    let mega = if cfg!(debug_assertions) { 1 << 16 } else { 1 << 20 };
    let inputs = [
        (
            "many bytes of instructions",
            "RUN apt-get update \\\n  && apt-get install -y x # y\nENV a=\"b c\" d=e\n".repeat(10 * mega / 67),
        ),
        ("many bytes of newlines", "\n".repeat(10 * mega)),
        ("many bytes of comments", "# c\n".repeat(10 * mega / 4)),
        ("one long line", format!("RUN {}", "x ".repeat(5 * mega))),
        ("a RUN of 100,000 lines", format!("RUN true \\\n{}  && true", "  && true \\\n# comment\n\n".repeat(100_000))),
        ("lone escape characters", "\\\n".repeat(5 * mega)),
        ("20,000 nested ONBUILD", "ONBUILD ".repeat(20_000)),
        ("20,000 nested ONBUILD on lines of their own", "ONBUILD \\\n".repeat(20_000) + "RUN x"),
        ("nested substitutions", format!("RUN <<E {}", "${a:-".repeat(mega))),
        ("nested and closed substitutions", format!("RUN <<E {}{}\nE", "${a:-".repeat(mega), "}".repeat(mega))),
        ("nested brackets", format!("CMD {}", "[".repeat(mega))),
        ("nested and closed brackets", format!("CMD {}{}", "[{\"a\":".repeat(mega), "}]".repeat(mega))),
        ("a million JSON strings", format!("CMD [{}\"a\"]", "\"a\",".repeat(mega))),
        ("a million pairs", format!("ENV {}", "a=b ".repeat(mega))),
        ("a million pairs without =", format!("ENV a=b {}", "a ".repeat(mega))),
        ("pairs on lines of their own", format!("ENV {}a=b", "a=\\\n b=c \\\n".repeat(mega / 2))),
        ("a million flags", format!("RUN {}x", "--a=b ".repeat(mega))),
        ("a million heredocs", format!("RUN {}\n{}", "<<E ".repeat(mega), "E\n".repeat(mega))),
        ("heredocs without end", "RUN <<E <<F\n".repeat(mega)),
        ("open quotes", format!("RUN <<E {}", "\" ' ".repeat(mega))),
        ("FROM only", "FROM a\n".repeat(mega / 2)),
    ];
    for (name, text) in &inputs {
        let file = Dockerfile::parse(text.as_str());
        let end = file.items().iter().fold(0, |end, item| if item.span.start == end { item.span.end } else { 0 });
        assert_eq!(end, text.len(), "{name}");
        assert!(file.clone().items() == file.items(), "{name}");
    }
}
