//! What a container answers, and whether another's answer is the same.

use super::http::Response;

/// What came of starting a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It answered a request.
    Http {
        /// What.
        response: Response,
        /// Whether it says something else each time it is asked.
        varies: bool,
    },
    /// It, or the command in it, ended.
    Ended {
        /// How.
        code: i32,
        /// What it said.
        output: String,
        /// Whether that is what was asked: a command. A server that ends has failed.
        wanted: bool,
    },
    /// It runs; there was nothing to ask it.
    Runs,
    /// It runs and answers nothing.
    Silent {
        /// What it said last.
        output: String,
    },
    /// It could not be started.
    Failed(String),
}

/// Whether two containers do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They do; in words.
    Same(String),
    /// They do not; in what.
    Different(String),
    /// Nobody can tell, and why.
    Unknown(String),
}

impl Verdict {
    /// One word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Same(_) => "same",
            Self::Different(_) => "different",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The words.
    pub fn why(&self) -> &str {
        let (Self::Same(why) | Self::Different(why) | Self::Unknown(why)) = self;
        why
    }
}

/// Compares what two containers answered.
pub fn compare(before: &Answer, after: &Answer) -> Verdict {
    match (before, after) {
        (Answer::Http { response: before, varies }, Answer::Http { response: after, varies: again }) => {
            responses(before, after, *varies || *again)
        }
        (Answer::Ended { code, output, wanted: true }, Answer::Ended { code: other, output: said, wanted: true }) => {
            ended((*code, output), (*other, said))
        }
        (Answer::Runs, Answer::Runs) => Verdict::Same("both keep running; nothing was asked of them".to_owned()),
        // The original may want a database, or settings.
        (Answer::Ended { code, output, .. }, Answer::Ended { code: other, .. }) if code == other => Verdict::Unknown(
            format!("both end with exit code {code}{}; --env gives them what they need", saying(output)),
        ),
        (Answer::Silent { output }, Answer::Silent { .. }) => {
            Verdict::Unknown(format!("neither answers{}; --probe says where to ask", saying(output)))
        }
        (Answer::Failed(why), Answer::Failed(_)) => Verdict::Unknown(format!("neither starts: {why}")),
        (before, after) => Verdict::Different(format!("the original {}, the new one {}", before.told(), after.told())),
    }
}

impl Answer {
    /// What it is, after a name.
    pub fn told(&self) -> String {
        match self {
            Self::Http { response, .. } => format!("answers {}, {} bytes", response.status, response.body.len()),
            Self::Ended { code, output, .. } => format!("ends with exit code {code}{}", saying(output)),
            Self::Runs => "keeps running".to_owned(),
            Self::Silent { output } => format!("answers nothing{}", saying(output)),
            Self::Failed(why) => format!("does not start: {why}"),
        }
    }
}

/// The last line of an output, as a clause.
fn saying(output: &str) -> String {
    let last = output.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.map(|line| format!(" (it says: {})", cut(line))).unwrap_or_default()
}

fn responses(before: &Response, after: &Response, varies: bool) -> Verdict {
    if before.status != after.status {
        let said = |response: &Response| format!("{} ({})", response.status, cut(&response.text()));
        return Verdict::Different(format!("the original answers {}, the new one {}", said(before), said(after)));
    }
    for name in ["content-type", "location"] {
        let value = |response: &Response| response.header(name).unwrap_or("none").to_owned();
        if value(before) != value(after) {
            return Verdict::Different(format!("{name} was {} and is {}", value(before), value(after)));
        }
    }
    if varies {
        return Verdict::Same(format!(
            "both answer {}; the text is another one each time it is asked for",
            before.status
        ));
    }
    match difference(&before.text(), &after.text()) {
        None => Verdict::Same(format!("both answer {} with the same {} bytes", before.status, before.body.len())),
        Some(difference) => Verdict::Different(format!("both answer {}, but {difference}", before.status)),
    }
}

fn ended(before: (i32, &String), after: (i32, &String)) -> Verdict {
    if before.0 != after.0 {
        let (was, is) = (saying(before.1), saying(after.1));
        return Verdict::Different(format!("the exit code was {}{was} and is {}{is}", before.0, after.0));
    }
    match difference(before.1, after.1) {
        None => Verdict::Same(format!("both end with exit code {} and say the same", before.0)),
        Some(difference) => Verdict::Different(format!("both end with exit code {}, but {difference}", before.0)),
    }
}

/// The first line that differs.
fn difference(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let same = before.lines().zip(after.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(same).map_or("nothing more".to_owned(), |line| format!("`{}`", cut(line)));
    Some(format!("line {} was {} and is {}", same + 1, line(before), line(after)))
}

/// What fits a line.
fn cut(text: &str) -> String {
    crate::report::inspect::shortened(text.trim(), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, body: &str, varies: bool) -> Answer {
        Answer::Http { response: Response { status, headers: Vec::new(), body: body.into() }, varies }
    }

    #[test]
    fn answers_are_the_same_or_told_apart() {
        let ended = |code, output: &str, wanted| Answer::Ended { code, output: output.to_owned(), wanted };
        for (before, after, word, why) in [
            (http(200, "a\nb", false), http(200, "a\nb", false), "same", "both answer 200 with the same 3 bytes"),
            (http(200, "a\nb", false), http(200, "a\nc", false), "different", "line 2 was `b` and is `c`"),
            (http(200, "12:00", true), http(200, "12:01", false), "same", "another one each time"),
            (http(200, "a", false), http(500, "no module pg", false), "different", "500 (no module pg)"),
            (http(200, "a", false), ended(1, "x\nboom\n", false), "different", "exit code 1 (it says: boom)"),
            (ended(0, "v1\n", true), ended(0, "v1\n", true), "same", "say the same"),
            (ended(0, "v1\n", true), ended(127, "not found", true), "different", "was 0 (it says: v1) and is 127"),
            (ended(1, "no database", false), ended(1, "", false), "unknown", "--env"),
            (Answer::Runs, Answer::Runs, "same", "keep running"),
            (Answer::Runs, Answer::Failed("no such file".to_owned()), "different", "does not start: no such file"),
        ] {
            let verdict = compare(&before, &after);
            assert_eq!(verdict.word(), word, "{verdict:?}");
            assert!(verdict.why().contains(why), "{verdict:?}");
        }
    }
}
