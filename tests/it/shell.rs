//! The shell model: what a text is read as, where its words lie, and what it leaves behind.

use dfslim::dockerfile::{Dockerfile, Instruction, Keyword, Logical};
use dfslim::shell::{
    self, Body, Command, Compound, Dialect, Link, Redirect, Script, Shell, ShellWord, Simple, Terminator,
};

/// `text` as if it stood at offset 100 of a file.
fn logical(text: &str) -> Logical {
    let mut logical = Logical::default();
    logical.push(text, 100);
    logical
}

fn read(text: &str) -> Shell {
    shell::read(&logical(text), Dialect::Bash)
}

/// The tree in one line: `[name|word]`, words with expansions as `~raw~`, `(…)`, `{…}`, `if<…>`, `;` `&` and `⏎`.
fn show(shell: &Shell) -> String {
    match shell {
        Shell::Parsed(script) => script_text(script),
        Shell::Opaque(why) => format!("opaque: {why}"),
    }
}

fn script_text(script: &Script) -> String {
    let mut out = String::new();
    for list in &script.lists {
        for (link, pipeline) in &list.parts {
            out.push_str(match link {
                Link::First => "",
                Link::And(_) => " && ",
                Link::Or(_) => " || ",
            });
            out.push_str(if pipeline.negated { "!" } else { "" });
            let commands: Vec<_> = pipeline.commands.iter().map(command_text).collect();
            out.push_str(&commands.join(" | "));
        }
        out.push_str(match list.end {
            Terminator::None => "",
            Terminator::Semicolon(_) => ";",
            Terminator::Newline => "⏎",
            Terminator::Background(_) => "&",
        });
    }
    out
}

fn command_text(command: &Command) -> String {
    match command {
        Command::Simple(simple) => simple_text(simple),
        Command::Subshell(inner) => format!("({}){}", bodies(inner), redirects(&inner.redirects)),
        Command::Group(inner) => format!("{{{}}}{}", bodies(inner), redirects(&inner.redirects)),
        Command::Control(inner) => {
            let words: Vec<_> = inner.words.iter().map(word_text).collect();
            let keyword = &inner.keyword;
            format!("{keyword}<{}:{}>{}", words.join("|"), bodies(inner), redirects(&inner.redirects))
        }
        Command::Function(inner) => format!("fn {}<{}>{}", inner.keyword, bodies(inner), redirects(&inner.redirects)),
    }
}

fn bodies(inner: &Compound) -> String {
    inner.bodies.iter().map(script_text).collect::<Vec<_>>().join(", ")
}

fn simple_text(simple: &Simple) -> String {
    let mut parts: Vec<_> =
        simple.assignments.iter().map(|it| format!("{}:={}", it.name, word_text(&it.value))).collect();
    parts.extend(simple.words.iter().map(word_text));
    format!("[{}]{}", parts.join("|"), redirects(&simple.redirects))
}

fn redirects(redirects: &[Redirect]) -> String {
    let text = |it: &Redirect| {
        let body = it.heredoc.as_ref().map(|body| format!("={}", word_text(body))).unwrap_or_default();
        format!(" {}{}{body}", it.operator, word_text(&it.target))
    };
    redirects.iter().map(text).collect()
}

fn word_text(word: &ShellWord) -> String {
    let inner: Vec<_> = word.substitutions.iter().map(script_text).collect();
    let inner = if inner.is_empty() { String::new() } else { format!("«{}»", inner.join("»«")) };
    match &word.literal {
        Some(value) => format!("{value}{inner}"),
        None => format!("~{}~{inner}", word.raw),
    }
}

/// `\n`, `\r` and `\\` in a line of the tables.
fn unescape(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    out
}

/// `text ⇒ tree` on each line.
#[test]
fn texts_are_read_as_written() {
    let table = include_str!("shell_trees.txt");
    assert!(table.lines().count() > 120);
    for line in table.lines() {
        let (text, tree) = line.split_once("  ⇒").unwrap_or_else(|| panic!("no tree in: {line}"));
        assert_eq!(show(&read(&unescape(text))), unescape(tree.trim_start()), "{text}");
    }
}

/// `text ⇒ what the first effect is`, in a word or two of the reason.
#[test]
fn effects_are_those_that_leak() {
    let cases = [
        ("a b", ""),
        ("cd x", "directory"),
        ("a && cd x && b", "directory"),
        ("(cd x && b)", ""),
        ("cd x | b", ""),
        ("a $(cd x)", ""),
        ("cd x &", "background"),
        ("{ cd x; }", "directory"),
        ("if a; then cd x; fi", "directory"),
        ("for d in a b; do (cd $d && c); done", "`d`"),
        ("! cd x", "directory"),
        ("pushd x", "directory"),
        ("command cd x", "directory"),
        ("command -v cd", ""),
        ("builtin cd x", "directory"),
        ("\\cd x", "directory"),
        ("'cd' x", "directory"),
        ("echo cd x", ""),
        ("A=1 b", ""),
        ("A=1", "`A`"),
        ("A=1 B=2", "`A`"),
        ("A=1 export B", "`A`"),
        ("A=1 :", "`A`"),
        ("(A=1)", ""),
        ("A=1 | b", ""),
        ("export A", "`A`"),
        ("export A=1 B=2", "`A`"),
        ("readonly A=1", "`A`"),
        ("unset A", "`A`"),
        ("unset -f A", "functions"),
        ("read -r A", "`A`"),
        ("while read l; do a; done <b", "`l`"),
        ("a | while read l; do b; done", ""),
        ("printf -v A b", "`A`"),
        ("printf A", ""),
        ("local A", "`A`"),
        ("echo ${A:=1}", "`A`"),
        ("echo ${A:-1} ${A#=}", ""),
        ("a <<E\n${A:=1}\nE\n", "`A`"),
        ("a >${A:=1}", "`A`"),
        ("echo $((A=1))", "`$(( … ))`"),
        ("echo $((A==1)) $((A<=1))", ""),
        ("echo $((A++))", "`$(( … ))`"),
        ("echo $((1+1))", ""),
        ("((A++))", "`(( … ))`"),
        ("set -e", "options"),
        ("set -eux -o pipefail && a", "options"),
        ("set", ""),
        ("set -- a b", "positional"),
        ("set a b", "positional"),
        ("shift", "positional"),
        ("shopt -s globstar", "options"),
        ("f() { a; }", "functions"),
        ("alias a=b", "functions"),
        ("umask 022", "umask"),
        ("umask", ""),
        ("ulimit -n 1", "umask"),
        ("trap 'a' EXIT", "umask"),
        ("exec >x", "umask"),
        ("exec a", "`exit`"),
        (". ./x", "`.`"),
        ("source x", "`.`"),
        ("bash -c '. x'", ""),
        ("exit", "`exit`"),
        ("exit 0", "`exit`"),
        ("exit 1", ""),
        ("a || exit 1", ""),
        ("a || exit $x", "`exit`"),
        ("if a; then exit 0; fi", "`exit`"),
        ("(exit 0)", ""),
        ("return", "`exit`"),
        ("f() { return 0; }", "functions"),
        ("a & b", "background"),
        ("(a &)", "background"),
        ("{ a & } | b", "background"),
        ("a $(b &)", "background"),
        ("nohup a", ""),
        ("eval a", "only the build knows"),
        ("$A b", "only the build knows"),
        ("\"$A/bin/b\" c", ""),
        ("[ -f x ]", ""),
        ("test -f x || mkdir x", ""),
    ];
    for (text, expected) in cases {
        let effects = shell::Effects::of(read(text).script().unwrap());
        let why = effects.why();
        assert_eq!(why.is_none(), effects.is_none(), "{text}");
        assert!(why.as_deref().unwrap_or_default().contains(expected), "{text}: {why:?}");
        assert_eq!(why.is_none(), expected.is_empty(), "{text}: {why:?}");
    }
}

/// The place for ` && more` is marked `^`; without a mark there is none.
#[test]
fn a_script_is_continued_at_its_last_command() {
    let cases = [
        "a^",
        "a b^",
        "a b^ ",
        "a && b^",
        "a || b^",
        "a | b^",
        "! a^",
        "a; b^",
        "a; b^;",
        "a; b^ ;",
        "a\nb^\n",
        "a\nb^ # c\n",
        "a^ # c",
        "a 'b'^ # c",
        "a >x^ # c",
        "(a; b)^",
        "{ a; b; }^",
        "{ a; b; } >x^",
        "if a; then b; fi^",
        "for x in a; do b; done^;",
        "a; [ b ]^",
        "a & b^",
        "cat <<EOF^\nx\nEOF\n",
        "cat <<EOF >x && b^\nx\nEOF\n",
        "A=1^",
        "a || exit 1^",
        "if a; then exit 1; fi; b^",
        "export A=b^",
        "set -e; a^",
        "set -e; a && b^",
        "set -e; a | b^",
        "set -e; a $(b)^",
        "set -e; a $(b | c)^",
        "set -e; f() { a; }; g^",
        "set -e\n. x\n/bin/g^",
        "set -e; (a; b); c^",
        "set -u; (a; b)^",
        "cd x && a^",
        "a &",
        "a; b &",
        "a && b &",
        "f() { a; }",
        "exit 0",
        "exec a",
        "a && exec b",
        "if a; then exit 0; fi; b",
        "a || exit",
        "set -e; (a; b)",
        "set -ex && { a; b; }",
        "set -e; if a; then b; fi",
        "set -o errexit; for x in a; do b; done",
        "set -e; a; b | { c; d; }",
        "set -e; a $(b; c)",
        "set -e; f() { a; b; }; f",
        "set -e\n. x\ng",
        "set -e; eval a",
        "set $x; (a; b)",
        "",
        "# a",
    ];
    for case in cases {
        let text = case.replace('^', "");
        let end = read(&text).script().unwrap().last_command_end();
        assert_eq!(end, case.find('^').map(|at| at + 100), "{case}");
    }
    let group = read("{ a; b; }");
    assert_eq!(group.script().unwrap().last_command_end_under(true), None);
    assert_eq!(read("a; b").script().unwrap().last_command_end_under(true), Some(104));
}

#[test]
fn chains_and_options() {
    // text, only `&&`, errexit, pipefail
    let cases = [
        ("a", true, false, false),
        ("a && b", true, false, false),
        ("a && b;", true, false, false),
        ("a && b || c", false, false, false),
        ("a; b", false, false, false),
        ("a && b &", false, false, false),
        ("a | b && { c; }", true, false, false),
        ("", false, false, false),
        ("set -e; a", false, true, false),
        ("set -ex && a", true, true, false),
        ("set -eux -o pipefail; a", false, true, true),
        ("set -euxo pipefail; a", false, true, true),
        ("set -o errexit -o pipefail; a", false, true, true),
        ("set -x; set -e; a", false, true, false),
        ("A=1; export B=2; set -e; a", false, true, false),
        ("set -e; set +e; a", false, false, false),
        ("a; set -e; b", false, false, false),
        ("set -- -e; a", false, false, false),
        ("set -x -- -e; a", false, false, false),
        ("(set -e); a", false, false, false),
    ];
    for (text, chain, errexit, pipefail) in cases {
        let shell = read(text);
        let script = shell.script().unwrap();
        assert_eq!((script.is_and_chain(), script.errexit(), script.pipefail()), (chain, errexit, pipefail), "{text}");
    }
}

#[test]
fn what_dash_reads_differently_is_opaque_for_sh() {
    for text in ["a &> b", "a &>> b", "((a))", "(( (a) || b ))"] {
        assert!(matches!(shell::read(&logical(text), Dialect::Sh), Shell::Opaque(_)), "{text}");
    }
    for text in ["[[ a ]]", "a >b 2>&1", "( (a) )", "a <(b)", "echo $((1))"] {
        assert!(matches!(shell::read(&logical(text), Dialect::Sh), Shell::Parsed(_)), "{text}");
    }
}

#[test]
fn a_word_that_swallows_what_follows_is_opaque() {
    for text in ["npm ci {a && b", "a {b c", "a {b|c", "a ${\u{3000}b"] {
        assert!(matches!(read(text), Shell::Opaque(_)), "{text}");
    }
    for text in [r"a b{c,d}\ e", r#"a "{b && c""#, "a { b", "a ${x:-b c}"] {
        assert!(matches!(read(text), Shell::Parsed(_)), "{text}");
    }
}

#[test]
fn places_of_commands() {
    let shell = read("a && ! b | c; (d $(e)) || f >$(g); if h; then i; fi; ! j");
    let places = shell.script().unwrap().commands();
    let all: Vec<_> = places.iter().map(|it| (it.simple.name().unwrap(), it.top, it.list, it.part)).collect();
    assert_eq!(
        all,
        [
            ("a", true, 0, 0),
            ("b", false, 0, 1),
            ("c", false, 0, 1),
            ("d", false, 1, 0),
            ("e", false, 1, 0),
            ("f", true, 1, 1),
            ("g", false, 1, 1),
            ("h", false, 2, 0),
            ("i", false, 2, 0),
            ("j", false, 3, 0),
        ]
    );
}

/// The bodies of a file's instructions, read.
fn bodies_of(text: &str) -> Vec<String> {
    let file = Dockerfile::parse(text);
    let body = |instruction: &Instruction| match shell::body(instruction, text) {
        Body::Shell(body) => format!("shell {}", show_checked(&body, text)),
        Body::Mixed(body) => format!("mixed {}", show_checked(&body, text)),
        Body::Heredoc(body) => format!("heredoc {}", show_checked(&body, text)),
        Body::Foreign => "foreign".into(),
        Body::Exec(words) => format!("exec {:?}", words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>()),
    };
    file.instructions().filter(|it| it.keyword != Keyword::From).map(body).collect()
}

/// Shows a body, after a check that its words lie in the file where they say.
fn show_checked(body: &Logical, file: &str) -> String {
    let shell = shell::read(body, Dialect::Bash);
    for place in shell.script().iter().flat_map(|script| script.commands()) {
        for word in &place.simple.words {
            assert_eq!(word.span.of(file), word.raw);
        }
    }
    show(&shell)
}

#[test]
fn bodies_of_instructions() {
    let cases = [
        ("RUN a b", "shell [a|b]"),
        ("RUN --mount=type=cache,target=/x a \\\n  b \\\n# note\n  && c", "shell [a|b] && [c]"),
        ("RUN a \\\n  # b \\\n  c", "shell [a|c]"),
        ("RUN a # b \\\n  c", "shell [a]"),
        ("RUN [\"a\", \"b c\"]", "exec [\"a\", \"b c\"]"),
        ("RUN [ -f a ] && b", "shell [[|-f|a|]] && [b]"),
        ("RUN <<EOF\na\n  b \\\n  c\nEOF", "heredoc [a]⏎[b|c]⏎"),
        ("RUN <<-EOF\n\ta\n\t\tb\n\tEOF", "heredoc [a]⏎[b]⏎"),
        ("RUN <<'EOF'\na $b\nEOF", "heredoc [a|~$b~]⏎"),
        ("RUN --network=none <<EOF\na\nEOF", "heredoc [a]⏎"),
        ("RUN <<EOF\r\na\r\nEOF\r\n", "heredoc [a\r]⏎"),
        ("RUN <<EOF\n#!/usr/bin/python3\nprint(1)\nEOF", "foreign"),
        ("RUN python3 <<EOF\nprint(1)\nEOF", "mixed [python3] <<EOF=print(1)\n⏎"),
        ("RUN cat <<EOF > x && y\na\nEOF", "mixed [cat] <<EOF=a\n >x && [y]⏎"),
        ("RUN <<EOF cat\na\nEOF", "mixed [cat] <<EOF=a\n⏎"),
        ("RUN cat <<A <<-B\na\nA\n\tb\n\tB", "mixed [cat] <<A=a\n <<-B=b\n⏎"),
        ("RUN cat <<EOF\r\na\r\nEOF\r\n", "mixed [cat] <<EOF=a\r\n⏎"),
        ("RUN cat <<EOF \\\n  && b\na\nEOF", "mixed [cat] <<EOF=a\n && [b]⏎"),
        ("RUN a\r\n", "shell [a]"),
        ("# escape=`\nRUN a `\n  b", "shell [a|b]"),
        ("CMD a b", "shell [a|b]"),
        ("ENTRYPOINT [\"a\"]", "exec [\"a\"]"),
        ("HEALTHCHECK --interval=1s CMD a || exit 1", "shell [a] || [exit|1]"),
        ("HEALTHCHECK CMD [\"a\"]", "exec [\"a\"]"),
        ("ONBUILD RUN a && b", "shell [a] && [b]"),
    ];
    for (text, expected) in cases {
        assert_eq!(bodies_of(text), [expected], "{text}");
    }
}

#[test]
fn insertions_land_behind_words_of_continued_lines() {
    let text = "FROM a\nRUN b \\\n# note\n  'c d' \\\n  && e # f \\\n  g\n";
    let file = Dockerfile::parse(text);
    let run = file.instructions().nth(1).unwrap();
    let Body::Shell(body) = shell::body(run, text) else { panic!() };
    let shell = shell::read(&body, Dialect::Sh);
    let script = shell.script().unwrap();
    let words: Vec<_> =
        script.commands().iter().flat_map(|place| &place.simple.words).map(|it| it.span.of(text)).collect();
    assert_eq!(words, ["b", "'c d'", "e"]);
    assert_eq!(script.last_command_end(), text.find(" # f"));
}
