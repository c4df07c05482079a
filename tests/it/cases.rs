//! Runs the examples of every pass's page, each with only that pass on.

use crate::applies::{self, Printed};
use crate::pages::{Example, Page, Section};
use crate::support::{
    blessing, crlf, fail_with, has_heredoc, no_pass, plan, printed_diff, reasons, sound_plan, whole_diff, whole_made,
};
use dfslim::passes::{self, Pass};
use dfslim::plan::Plan;
use std::path::Path;

#[test]
fn every_example_of_every_page() {
    let mut failures = Vec::new();
    let mut printed = Vec::new();
    for pass in passes::ALL {
        let page = Page::of(pass);
        let mut blessed = Vec::new();
        for example in &page.examples {
            match check(pass, example) {
                Ok(plan) => {
                    printed.extend(diffs(pass, example, &plan));
                    failures.extend(compare(pass, example, &plan, &mut blessed));
                }
                Err(problem) => failures.push(at(pass, example, &problem)),
            }
        }
        bless(&page, blessed);
    }
    failures.extend(applies::check(&printed));
    fail_with(&failures);
}

#[test]
fn every_page_is_complete() {
    for pass in passes::ALL {
        let page = Page::of(pass);
        let has = |section| page.examples.iter().any(|example| example.section == section);
        assert!(has(Section::Rewrites), "{}: an example under ## Rewrites is missing", page.path().display());
        assert!(has(Section::LeftAlone), "{}: an example under ## Left alone is missing", page.path().display());
        let title = format!("# {}", pass.id);
        assert_eq!(pass.page.lines().next(), Some(title.as_str()), "{}", page.path().display());
        assert!(!pass.summary().is_empty(), "{}: the first paragraph is the summary", page.path().display());
        for heading in ["## Why", "## Safety"] {
            assert!(pass.page.contains(heading), "{}: {heading} is missing", page.path().display());
        }
        assert!(page.path().exists(), "{} is where the page should be", page.path().display());
    }
}

/// What holds for each example whatever is expected of it.
fn check(pass: &'static Pass, example: &Example) -> Result<Plan, String> {
    let policy = example.policy(pass);
    let project = &example.project();
    let wishes = example.options.wishes;
    let first = sound_plan(&example.input, project, &policy, wishes)?;
    let twin =
        if has_heredoc(&example.input) { None } else { Some(plan(&crlf(&example.input), project, &policy, wishes)?) };
    if let Some(twin) = twin {
        if twin.after != crlf(&first.after) {
            return Err(format!("with CRLF it becomes {:?}", twin.after));
        }
        if reasons(&twin) != reasons(&first) {
            return Err(format!("with CRLF the reasons are\n{}", reasons(&twin).join("\n")));
        }
    }
    if plan(&example.input, project, &no_pass(), wishes)?.changed() {
        return Err("it changes without any pass".to_owned());
    }
    Ok(first)
}

/// Whether what came out is what the page says; a diff that differs is noted for blessing instead.
fn compare(
    pass: &Pass,
    example: &Example,
    plan: &Plan,
    blessed: &mut Vec<(std::ops::Range<usize>, String)>,
) -> Vec<String> {
    let mut failures = Vec::new();
    let actual = whole_diff(&plan.before, &plan.after) + &whole_made(plan);
    if let Some(range) = &example.diff {
        let expected = pass.page.lines().skip(range.start).take(range.len()).map(str::trim_end);
        let same = expected.eq(actual.lines().map(str::trim_end));
        if !plan.writes() {
            let why = reasons(plan).join("\n");
            failures.push(at(pass, example, &format!("nothing is rewritten; what is said:\n{why}")));
        } else if !same && blessing() {
            blessed.push((range.clone(), actual));
        } else if !same {
            failures.push(at(pass, example, &format!("it becomes (BLESS=1 writes it)\n{actual}")));
        }
    } else if plan.writes() {
        failures.push(at(pass, example, &format!("it should be left alone, and becomes\n{actual}")));
    }
    let said = reasons(plan);
    let Some(wanted) = &example.reasons else { return failures };
    if wanted.is_empty() && !said.is_empty() {
        failures.push(at(pass, example, &format!("nothing should be said, but\n{}", said.join("\n"))));
    }
    for reason in wanted.iter().filter(|reason| !said.iter().any(|line| line.contains(reason.as_str()))) {
        failures.push(at(pass, example, &format!("not said: {reason}\nbut:\n{}", said.join("\n"))));
    }
    failures
}

/// The diffs a user would see, for both line ends.
fn diffs(pass: &Pass, example: &Example, plan: &Plan) -> Vec<Printed> {
    let both = [("lf", plan.before.clone(), plan.after.clone()), ("crlf", crlf(&plan.before), crlf(&plan.after))];
    let changed = both.into_iter().filter(|_| plan.changed());
    let printed = changed.map(|(ends, before, after)| {
        let name = format!("{}/{}-{ends}/Dockerfile", pass.id, example.line);
        Printed { diff: printed_diff(&name, &before, &after), name, before, after }
    });
    printed.collect()
}

/// Writes the diff blocks of `page` anew, from the last to the first.
fn bless(page: &Page, mut blessed: Vec<(std::ops::Range<usize>, String)>) {
    if blessed.is_empty() {
        return;
    }
    let mut lines: Vec<&str> = page.pass.page.lines().collect();
    blessed.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, diff) in &blessed {
        lines.splice(range.clone(), diff.lines());
    }
    write(&page.path(), &(lines.join("\n") + "\n"));
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
}

fn at(pass: &Pass, example: &Example, problem: &str) -> String {
    format!("src/passes/{}.md:{}: {problem}", pass.id, example.line)
}

/// A pass made for these tests: the harness must tell a right page from a wrong one.
mod harness {
    use super::{Page, Pass, check, compare, diffs};
    use crate::applies;
    use dfslim::edit::Edit;
    use dfslim::passes::Cx;
    use dfslim::proposal::{Kind, Proposal, Proposals};

    const RIGHT: &str = "\
# shouted-from

Writes `from` in capitals.

## Rewrites

<!-- trap 1, 2 -->
<!-- options: --cache mounts -->
```json package.json
{}
```
```dockerfile
from alpine

CMD [\"true\"]
```

```diff
-from alpine
+FROM alpine

 CMD [\"true\"]
```

## Left alone

```dockerfile
From alpine
```
> mixed case

```dockerfile
FROM alpine
```

> nothing
";

    static PASSES: [Pass; 2] =
        [shouted(RIGHT), shouted("# shouted-from\n## Left alone\n```dockerfile\nfrom a\n```\n> x\n")];

    const fn shouted(page: &'static str) -> Pass {
        Pass { id: "shouted-from", kind: Kind::Other, answers_to: &[], page, run }
    }

    fn run(cx: &Cx<'_>, proposals: &mut Proposals) {
        for instruction in cx.file.instructions() {
            let span = instruction.keyword_span;
            match span.of(cx.file.text()) {
                "from" => proposals.push(Proposal::safe(span, "shout").edit(Edit::replace(span, "FROM"))),
                "From" => proposals.refuse(span, "shout", "mixed case"),
                _ => {}
            }
        }
    }

    /// What each example fails with.
    fn failures(pass: &'static Pass) -> Vec<Vec<String>> {
        let page = Page::of(pass);
        let examples = page.examples.iter();
        examples.map(|example| compare(pass, example, &check(pass, example).unwrap(), &mut Vec::new())).collect()
    }

    #[test]
    fn a_right_page_passes() {
        let page = Page::of(&PASSES[0]);
        let first = &page.examples[0];
        assert_eq!(first.traps, [1, 2]);
        assert_eq!(first.context, [("package.json".to_owned(), "{}\n".to_owned())]);
        assert_eq!(failures(&PASSES[0]), [vec![""; 0], vec![], vec![]]);
        let printed = diffs(&PASSES[0], first, &check(&PASSES[0], first).unwrap());
        assert_eq!(printed.len(), 2);
        assert_eq!(applies::check(&printed), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_page_fails() {
        let failures = failures(&PASSES[1]).concat();
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert!(failures[0].contains("shouted-from.md:3: it should be left alone, and becomes\n-from a\n+FROM a"));
        assert!(failures[1].contains("not said: x"));
    }
}
