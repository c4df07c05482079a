//! Shell texts read so far: the same text is read once, wherever it stands.

use super::{Dialect, Shell};
use crate::dockerfile::Logical;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What texts say that were read before. After a change of a Dockerfile most of its RUNs are the same, some lines on.
#[derive(Debug, Default)]
pub struct Scripts {
    /// By text; the latest place where it was read.
    sh: RefCell<HashMap<String, (Logical, Rc<Shell>)>>,
    bash: RefCell<HashMap<String, (Logical, Rc<Shell>)>>,
}

impl Scripts {
    /// As [`super::read`].
    pub fn read(&self, text: &Logical, dialect: Dialect) -> Rc<Shell> {
        let known = match dialect {
            Dialect::Sh => &self.sh,
            Dialect::Bash => &self.bash,
        };
        if let Some((there, shell)) = known.borrow().get(text.text())
            && let Some(shift) = there.shift_to(text)
        {
            return if shift.is_none() { Rc::clone(shell) } else { Rc::new(Shell::clone(shell).moved(shift)) };
        }
        let shell = Rc::new(super::read(text, dialect));
        known.borrow_mut().insert(text.text().to_owned(), (text.clone(), Rc::clone(&shell)));
        shell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_it_is_at_its_own_place() {
        let at = |place: usize| {
            let mut text = Logical::default();
            text.push("a && b", place);
            text
        };
        let scripts = Scripts::default();
        for place in [4, 90, 4, 0] {
            for dialect in [Dialect::Sh, Dialect::Bash] {
                assert_eq!(*scripts.read(&at(place), dialect), super::super::read(&at(place), dialect));
            }
        }
    }
}
