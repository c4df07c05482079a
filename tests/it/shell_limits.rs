//! The shell model on hostile texts: no panic, no overflow of a small stack, no long wait.

use dfslim::dockerfile::Logical;
use dfslim::shell::{self, Dialect, Shell};
use std::time::{Duration, Instant};

/// Half of what Rust gives a thread: callers have used some.
const STACK: usize = 1 << 20;

/// Far more than any of them takes, on a busy machine too: only what grows without bound waits longer. How fast
/// the model is, the benchmarks say.
const PATIENCE: Duration = Duration::from_mins(3);

fn read(text: &str) -> Shell {
    let mut logical = Logical::default();
    logical.push(text, 0);
    shell::read(&logical, Dialect::Bash)
}

/// Reads `text` on a small stack, walks what was read, and drops it.
fn survives(name: &str, text: String) {
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    let started = Instant::now();
    let worker = thread.spawn(move || {
        let shell = read(&text);
        if let Shell::Parsed(script) = &shell {
            let _ = (script.commands().len(), script.last_command_end(), script.errexit());
            let _ = shell::Effects::of(script).why();
            assert_eq!(shell, shell.clone());
        }
    });
    worker.unwrap().join().unwrap();
    let took = started.elapsed();
    assert!(took < PATIENCE, "{name} took {took:?}");
}

/// As long as is read at all; less where the parser is not optimised.
const LONG: usize = if cfg!(debug_assertions) { 3_000 } else { 65_000 };

/// What opens something, or stands before a command.
const OPENERS: &str = r#"$(|(|((|( |{ |{|`|"$(|"`|${|${x:-|"${x:-|${x:-"${|${x#|${x/a/"${x:-|${x[|$((|$((1+(|((1+|$[|<(|>(|'|"|$'|\|if |if a; then |
while a; do |until |for x in a; do |for ((;;)) do |case a in a) |case a in a%|select x in |[[ |[[ ( |[[ ! |[[ a == (|f() |f() { |function f |a=(|a[|
x=$(|export A=$(|! |time |time -p |coproc |a && |a && (|[[ a && |a ; |a & |a;|{a,|{a..|a{b,{|@(|!(|<<A |<<'A' |<<-A;|cat <<A\n|cat <<A\n$(|
>x |>|A=1 |a |#|# \n|}|)|]|fi |done |;;|&|\n|\\n|\t|é|~|*|$|=(|(a)|$(a)|${a}|''|""|$(a)b|case a in b) c;; esac\n|cat <<A\nx\nA\n"#;

/// What opens something, and what closes it.
const PAIRS: &str = r#"$( )|( )|(  )|{  ; }|"$( )"|${x:- }|"${x:- }"|$(( ))|<( )|if a; then  ; fi|if  ; then a; fi|while a; do  ; done|
case a in a)  ;; esac|case $( ) in a) ;; esac|for x in a; do  ; done|for x in $( ); do a; done|f() {  ; }|a=( )|a[$( )]=b|a >$( )|export A=$( )|
${x[ ]}|a && ( )|a && b %% {  ; }|$(case a in a)  ;; esac)|${x# }|${x/a/ }|${x:-$( )}|(( ))|[[ (   ) ]]|[[ $( ) ]]|$((1+$( )))|{a, }"#;

fn unescape(case: &str) -> String {
    case.trim_start_matches('\n').replace('%', "|").replace("\\n", "\n").replace("\\t", "\t")
}

#[test]
fn hostile_openers_are_refused_in_time() {
    for opener in OPENERS.split('|').map(unescape).filter(|opener| !opener.is_empty()) {
        for times in [13, 40, 600, LONG / opener.len()] {
            survives(&format!("{opener} × {times}"), opener.repeat(times));
        }
        survives(&format!("{opener} … )"), format!("{}a{}", opener.repeat(1000), ")".repeat(1000)));
    }
}

#[test]
fn deep_nesting_is_refused_in_time() {
    for pair in PAIRS.split('|').map(unescape) {
        let (open, close) = pair.rsplit_once("  ").or_else(|| pair.rsplit_once(' ')).unwrap();
        let open = if pair.contains("  ") { format!("{open} ") } else { open.to_owned() };
        for times in [6, 12, 32, 90, 5000] {
            survives(&format!("{pair} × {times}"), format!("{}a{}", open.repeat(times), close.repeat(times)));
        }
    }
}

/// One opener and a long row inside it: few brackets, but operators that nest.
#[test]
fn rows_of_operators_are_refused_in_time() {
    let outsides = [
        ("$((", "))"),
        ("((", "))"),
        ("${x:", "}"),
        ("a[", "]=b"),
        ("${a[", "]}"),
        ("[[ ", " ]]"),
        ("$[", "]"),
        ("for ((", ";;)); do a; done"),
    ];
    let insides = [
        "-",
        "- ",
        "!",
        "! ",
        "~",
        "++",
        "a=",
        "a?b:",
        "a?",
        "1**",
        "a,",
        "a+",
        "a && ",
        "a || ",
        "a == b && ",
        "-n ",
        "a<<",
    ];
    for (open, close) in outsides {
        for inside in insides {
            for times in [40, 400, LONG / inside.len()] {
                let name = format!("{open}{inside}{close} × {times}");
                survives(&name, format!("{open}{}1{close}", inside.repeat(times)));
                survives(&name, format!("{open}{}", inside.repeat(times)));
            }
        }
    }
}

#[test]
fn long_texts_are_refused_at_once() {
    for line in ["a b c\n", "a && ", "word ", "$(", "'", "cat <<A\nx\nA\n", "# x\n"] {
        survives("lines", line.repeat(100_000));
        survives("megabyte", line.repeat((1 << 20) / line.len()));
        assert!(matches!(read(&line.repeat(100_000)), Shell::Opaque(_)));
    }
    assert!(matches!(read("a\0b"), Shell::Opaque(_)));
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or_default() % bound
    }

    /// A stretch of `text` of up to twenty characters.
    fn stretch<'t>(&mut self, text: &'t str) -> &'t str {
        let starts: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let from = self.below(starts.len());
        let to = (from + self.below(20)).min(starts.len() - 1);
        &text[starts[from]..starts[to]]
    }
}

/// Pieces of real texts, joined at random: whatever is read must lie where it says, in order, one inside the other.
#[test]
fn mutants_are_read_in_place() {
    let texts: Vec<_> = include_str!("shell_trees.txt").lines().filter_map(|line| line.split_once("  ⇒")).collect();
    let openers: Vec<_> = OPENERS.split('|').map(unescape).collect();
    let mut random = Random(20);
    let mut parsed = 0;
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..=random.below(4) {
            let (whole, _) = texts[random.below(texts.len())];
            let whole = whole.replace("\\n", "\n");
            match random.below(4) {
                0 => text.push_str(random.stretch(&whole)),
                1 => text.push_str(&openers[random.below(openers.len())]),
                _ => text.push_str(&whole),
            }
            text.push_str([" ", "\n", "; ", " && ", ""][random.below(5)]);
        }
        let started = Instant::now();
        let shell = read(&text);
        assert!(started.elapsed() < PATIENCE, "{text}");
        let Shell::Parsed(script) = shell else { continue };
        parsed += 1;
        for place in script.commands() {
            let simple = place.simple;
            let words = simple.words.iter().chain(simple.assignments.iter().map(|assignment| &assignment.value));
            for word in words {
                assert!(simple.span.contains(word.span), "{text}");
                assert!(word.span.of(&text) == word.raw || word.span.of(&text).contains("\\\n"), "{text}");
            }
            assert!(simple.words.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{text}");
        }
        assert!(script.lists.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{text}");
    }
    assert!(parsed > 1_000, "{parsed}");
}
