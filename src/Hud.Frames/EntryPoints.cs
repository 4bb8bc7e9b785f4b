namespace Hud.Frames;

/// <summary>Places in Tokio at which a stack changes its meaning, by bare names (<see cref="RustPath.Bare"/>), for every
/// Tokio 1.x. A worker in its own loop or parked is not blocked; below these frames it is.</summary>
public static class EntryPoints
{
    /// <summary>The start of one task's poll.</summary>
    public static bool IsTaskPoll(string bare) =>
        bare
            is "tokio::runtime::task::raw::poll"
                or "tokio::runtime::task::harness::Harness::poll"
                or "tokio::runtime::task::raw::RawTask::poll";

    /// <summary>The scheduler's own code: multi_thread (thread_pool until 1.20), current_thread (basic_scheduler), LocalSet.</summary>
    public static bool IsWorkerLoop(string bare) =>
        Starts(bare, "tokio::runtime::scheduler::multi_thread::worker::") && !IsBlockInPlace(bare)
        || Starts(bare, "tokio::runtime::scheduler::multi_thread_alt::worker::")
        || Starts(bare, "tokio::runtime::thread_pool::worker::") && !IsBlockInPlace(bare)
        || IsCurrentThread(bare)
        || Starts(bare, "tokio::task::local::LocalSet::tick");

    /// <summary>The scheduler that runs its tasks on the thread of <c>block_on</c>; basic_scheduler until 1.20.</summary>
    public static bool IsCurrentThread(string bare) =>
        Starts(bare, "tokio::runtime::scheduler::current_thread::")
        || Starts(bare, "tokio::runtime::basic_scheduler::");

    /// <summary>Waiting for work, which is what an idle worker should do.</summary>
    public static bool IsPark(string bare)
    {
        if (!Starts(bare, "tokio::"))
        {
            return Starts(bare, "mio::poll::Poll::poll") || Starts(bare, "mio::sys::unix::selector::");
        }

        return Starts(bare, "tokio::runtime::io::driver::Driver::turn")
            || Starts(bare, "tokio::io::driver::Driver::turn")
            || Starts(bare, "tokio::runtime::io::Driver::turn")
            || bare.Contains("::park::Parker::park", StringComparison.Ordinal)
            || bare.Contains("::park::Inner::park", StringComparison.Ordinal)
            || bare.Contains("::worker::Context::park", StringComparison.Ordinal)
            || bare.Contains("::current_thread::Context::park", StringComparison.Ordinal)
            || Starts(bare, "tokio::runtime::driver::Driver::park")
            || Starts(bare, "tokio::runtime::driver::IoStack::park")
            || Starts(bare, "tokio::runtime::driver::TimeDriver::park")
            || Starts(bare, "tokio::runtime::time::Driver::park")
            || Starts(bare, "tokio::runtime::signal::Driver::park")
            || Starts(bare, "tokio::runtime::process::Driver::park")
            || Starts(bare, "tokio::runtime::signal::unix::Driver::park");
    }

    /// <summary>What a function without a name is called that refers to block_in_place's panic message: it, or what it was inlined into.</summary>
    public const string BlockInPlaceSignature = "tokio::task::block_in_place";

    /// <summary>The poll stays open, but its worker handed the queue to another thread: not blocking.</summary>
    public static bool IsBlockInPlace(string bare) =>
        bare == BlockInPlaceSignature
        || bare.EndsWith("::worker::block_in_place", StringComparison.Ordinal)
        || bare is "tokio::task::blocking::block_in_place" or "tokio::runtime::enter::exit"
        || (Starts(bare, "tokio::runtime::context::") && bare.EndsWith("::exit_runtime", StringComparison.Ordinal));

    /// <summary>A pool thread (<c>spawn_blocking</c>): it may block as it likes. Workers start life there too, so ask
    /// <see cref="IsWorkerLoop"/> first.</summary>
    public static bool IsBlockingPool(string bare) =>
        Starts(bare, "tokio::runtime::blocking::pool::Inner::run")
        || Starts(bare, "tokio::runtime::blocking::task::BlockingTask::poll");

    /// <summary>Drives a future to its end on this thread. Inside a task's poll it blocks the worker.</summary>
    public static bool IsBlockOn(string bare) =>
        bare.EndsWith("::block_on", StringComparison.Ordinal)
        || bare is "tokio::runtime::context::runtime::enter_runtime" or "futures_executor::local_pool::run_executor"
        || Starts(bare, "reqwest::blocking::wait::");

    private static bool Starts(string bare, string prefix) => bare.StartsWith(prefix, StringComparison.Ordinal);
}
