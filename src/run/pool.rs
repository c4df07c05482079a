//! Many files at once, results in order.

use crate::report::Fault;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// What the deepest shell script that the shell model accepts needs, with room to spare; the main thread's
/// own stack is whatever `ulimit` says.
const STACK: usize = 8 << 20;

/// How many threads for `tasks` files.
pub(super) fn jobs(wanted: Option<NonZeroUsize>, tasks: usize) -> usize {
    // Asking for the number of cores costs a millisecond in a container; one file needs no answer.
    if tasks <= 1 {
        return 1;
    }
    let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    wanted.unwrap_or_else(cores).get().min(tasks)
}

/// Does `work` for each index below `tasks` on `jobs` threads, and hands the results to `each` in order, as
/// soon as they are there. Each thread has a `Memory` of its own, for what is worth knowing at the next index too.
/// When `each` says `false`, what has not begun does not begin.
pub(super) fn in_order<T: Send, Memory: Default>(
    tasks: usize,
    jobs: usize,
    work: impl Fn(&mut Memory, usize) -> T + Sync,
    mut each: impl FnMut(T) -> bool,
) {
    // Most files take less time than waking the thread that prints, so they travel in batches.
    let batch = (tasks / (jobs * 8)).clamp(1, 32);
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, results) = mpsc::channel();
    let worker = |sender: mpsc::Sender<(usize, Vec<T>)>| {
        let mut memory = Memory::default();
        while !stop.load(Ordering::Relaxed) {
            let start = next.fetch_add(batch, Ordering::Relaxed);
            let done: Vec<T> = (start..tasks.min(start + batch)).map(|index| work(&mut memory, index)).collect();
            if done.is_empty() || sender.send((start, done)).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let spawn = |_: &usize| {
            let sender = sender.clone();
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || worker(sender)).is_ok()
        };
        // Where the system gives no more threads, those that there are do the work.
        match (0..jobs).take_while(spawn).count() {
            0 => worker(sender),
            _ => drop(sender),
        }
        let (mut early, mut due) = (BTreeMap::new(), 0);
        for (start, done) in results {
            early.insert(start, done);
            while let Some(done) = early.remove(&due) {
                due += done.len();
                for result in done {
                    if !stop.load(Ordering::Relaxed) && !each(result) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
    });
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lets [`guarded`] report panics, instead of a page of text on stderr.
pub(super) fn keep_panics_quiet() {
    panic::set_hook(Box::new(|info| {
        LAST_PANIC.with_borrow_mut(|last| *last = info.to_string().replace('\n', " "));
    }));
}

/// Runs `work`. A panic is a mistake in dfslim; it costs the one file and not the batch.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = LAST_PANIC.take();
        Err(Fault::new(format!("internal error, nothing was changed: {what}; please report it, with the file")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        for jobs in [1, 3, 16] {
            let mut seen = Vec::new();
            in_order(
                100,
                jobs,
                |(): &mut (), index| index * 2,
                |result| {
                    seen.push(result);
                    true
                },
            );
            assert_eq!(seen, (0..100).map(|index| index * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn whoever_has_enough_gets_no_more() {
        let mut seen = 0;
        in_order(
            1000,
            4,
            |(): &mut (), index| index,
            |_| {
                seen += 1;
                seen < 3
            },
        );
        assert_eq!(seen, 3);
    }

    #[test]
    fn a_panic_is_a_fault() {
        let fault = guarded::<()>(|| panic!("oh")).unwrap_err();
        assert!(fault.message.starts_with("internal error"));
    }
}
