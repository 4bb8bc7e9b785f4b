using Hud.Frames;

namespace Hud.Analysis.Tests;

public class StackClassifierTests
{
    private const string WorkerLoop =
        "tokio::runtime::scheduler::multi_thread::worker::Context::run_task < tokio::runtime::scheduler::multi_thread::worker::Context::run < "
        + "tokio::runtime::scheduler::multi_thread::worker::run < tokio::runtime::blocking::task::BlockingTask<T>::poll < tokio::runtime::task::raw::poll < "
        + "tokio::runtime::blocking::pool::Inner::run < std::sys::pal::unix::thread::Thread::new::thread_start";

    [Fact]
    public void The_first_user_frame_from_the_leaf_is_blamed()
    {
        var stack = Named.Of(
            "clock_nanosleep < std::thread::sleep < checkout::slow::{{closure}} < checkout::login::{{closure}} < tokio::runtime::task::core::Core<T,S>::poll < "
                + "tokio::runtime::task::harness::Harness<T,S>::poll < tokio::runtime::task::raw::poll < "
                + WorkerLoop
        );
        var blamed = StackClassifier.FirstUserFrame(stack);
        Assert.Equal(2, blamed);
        Assert.Equal("checkout::slow", StackClassifier.UserName(stack[blamed]));
    }

    [Fact]
    public void Frames_outside_the_poll_are_not_blamed() =>
        Assert.Equal(
            -1,
            StackClassifier.FirstUserFrame(
                Named.Of("clock_nanosleep < tokio::x < tokio::runtime::task::raw::poll < checkout::main")
            )
        );

    [Fact]
    public void Without_user_code_a_dependency_is_blamed() =>
        Assert.Equal(
            1,
            StackClassifier.FirstUserFrame(Named.Of("recv < redis::cmd::Cmd::query < tokio::runtime::task::raw::poll"))
        );

    [Fact]
    public void The_workers_own_poll_is_not_a_task_poll()
    {
        Assert.Equal(-1, StackClassifier.PollIndex(Named.Of(WorkerLoop)));
        Assert.Equal(
            1,
            StackClassifier.PollIndex(Named.Of("checkout::f < tokio::runtime::task::raw::poll < " + WorkerLoop))
        );
    }

    [Theory]
    [InlineData(
        "epoll_wait < mio::poll::Poll::poll < tokio::runtime::io::driver::Driver::turn < tokio::runtime::time::Driver::park_internal < tokio::runtime::scheduler::multi_thread::park::Parker::park < tokio::runtime::scheduler::multi_thread::worker::Context::park_timeout < "
            + WorkerLoop
    )]
    [InlineData(
        "syscall < std::sys::sync::condvar::futex::Condvar::wait < tokio::runtime::scheduler::multi_thread::park::Inner::park_condvar < tokio::runtime::scheduler::multi_thread::worker::Context::park_internal < "
            + WorkerLoop
    )]
    [InlineData(
        "syscall < tokio::runtime::park::Inner::park < tokio::runtime::park::CachedParkThread::block_on < tokio::runtime::runtime::Runtime::block_on < checkout::main"
    )]
    [InlineData(
        "epoll_wait < mio::poll::Poll::poll < tokio::runtime::io::driver::Driver::turn < tokio::runtime::scheduler::current_thread::Context::park < tokio::runtime::scheduler::current_thread::CoreGuard<>::block_on < checkout::main"
    )]
    [InlineData(
        "futex < tokio::park::thread::Inner::park < tokio::runtime::thread_pool::worker::Context::park < tokio::runtime::thread_pool::worker::run"
    )]
    public void Waiting_for_work_is_idle(string stack) => Assert.True(StackClassifier.IsIdleWorker(Named.Of(stack)));

    [Theory]
    [InlineData(
        "syscall < tokio::runtime::park::Inner::park < tokio::runtime::park::CachedParkThread::block_on < tokio::runtime::handle::Handle::block_on < checkout::f::{{closure}} < tokio::runtime::task::raw::poll < "
            + WorkerLoop
    )]
    [InlineData("clock_nanosleep < std::thread::sleep < checkout::f < tokio::runtime::task::raw::poll < " + WorkerLoop)]
    [InlineData("checkout::f < tokio::runtime::scheduler::current_thread::CoreGuard::block_on < checkout::main")]
    public void Blocking_inside_a_task_is_not_idle(string stack) =>
        Assert.False(StackClassifier.IsIdleWorker(Named.Of(stack)));

    [Fact]
    public void Pool_threads_are_distinguished_from_workers()
    {
        Assert.True(
            StackClassifier.OnBlockingPool(
                Named.Of(
                    "read < checkout::g < tokio::runtime::blocking::task::BlockingTask<T>::poll < tokio::runtime::task::raw::poll < tokio::runtime::blocking::pool::Inner::run"
                )
            )
        );
        Assert.False(StackClassifier.OnBlockingPool(Named.Of(WorkerLoop)));
    }

    [Theory]
    [InlineData("tokio::runtime::scheduler::multi_thread::worker::block_in_place")]
    [InlineData("tokio::task::blocking::block_in_place")]
    [InlineData(EntryPoints.BlockInPlaceSignature)]
    [InlineData("tokio::runtime::context::runtime_mt::exit_runtime")]
    [InlineData("tokio::runtime::context::exit_runtime")]
    [InlineData("tokio::runtime::thread_pool::worker::block_in_place")]
    public void Block_in_place_is_recognised(string frame)
    {
        Assert.True(
            StackClassifier.InBlockInPlace(
                Named.Of($"read < checkout::g < {frame} < checkout::f < tokio::runtime::task::raw::poll")
            )
        );
        Assert.False(EntryPoints.IsWorkerLoop(RustPath.Bare(frame)));
    }
}
