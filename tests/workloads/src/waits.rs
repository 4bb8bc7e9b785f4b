//! How long a task waited for a worker, as the task itself can tell: a waker that notes when it is called, around the task's own.

use crate::clock;
use crate::truth;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

struct Noted {
    /// The first wake since the last poll began; 0 for none.
    woken_ns: AtomicU64,
    task: Mutex<Option<Waker>>,
}

impl Wake for Noted {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let task = self.task.lock().unwrap().clone();
        let _ = self.woken_ns.compare_exchange(0, clock::monotonic_ns(), Ordering::SeqCst, Ordering::SeqCst);
        if let Some(task) = task {
            task.wake();
        }
    }
}

pub struct Logged<F> {
    future: Pin<Box<F>>,
    name: &'static str,
    noted: Arc<Noted>,
    waker: Waker,
    left_ns: u64,
}

/// The same future, of which each wait goes to the log as `{"wait":name,"wake_ns":...,"poll_ns":...}`.
pub fn logged<F: Future>(name: &'static str, future: F) -> Logged<F> {
    let noted = Arc::new(Noted { woken_ns: AtomicU64::new(0), task: Mutex::new(None) });
    Logged { future: Box::pin(future), name, waker: noted.clone().into(), noted, left_ns: 0 }
}

impl<F: Future> Future for Logged<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let now_ns = clock::monotonic_ns();
        let woken_ns = self.noted.woken_ns.swap(0, Ordering::SeqCst);
        if woken_ns > 0 {
            // Woken during its own poll it waits from the end of that.
            truth::waited(self.name, woken_ns.max(self.left_ns), now_ns);
        }
        *self.noted.task.lock().unwrap() = Some(context.waker().clone());
        let this = &mut *self;
        let result = this.future.as_mut().poll(&mut Context::from_waker(&this.waker));
        this.left_ns = clock::monotonic_ns();
        result
    }
}
