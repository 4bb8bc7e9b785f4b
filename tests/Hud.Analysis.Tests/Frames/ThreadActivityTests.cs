using Hud.Tests.Support;

namespace Hud.Analysis.Tests;

/// <summary>What a thread does, by its whole stack: "no problem" may be said of a parked one only.</summary>
public sealed class ThreadActivityTests
{
    private const string Start = " < std::sys::thread::unix::Thread::new::thread_start < start_thread < clone3";

    private const string Loop =
        " < tokio::runtime::scheduler::multi_thread::worker::Context::run < tokio::runtime::context::runtime::enter_runtime"
        + " < tokio::runtime::scheduler::multi_thread::worker::run < tokio::runtime::blocking::task::BlockingTask<T>::poll"
        + " < tokio::runtime::task::raw::poll < tokio::runtime::blocking::pool::Inner::run"
        + Start;

    private const string Root =
        " < tokio::runtime::scheduler::current_thread::CoreGuard::block_on < tokio::runtime::context::runtime::enter_runtime"
        + " < tokio::runtime::runtime::Runtime::block_on < shop::main < main < __libc_start_main";

    [Theory]
    [InlineData("epoll_wait < mio::poll::Poll::poll < tokio::runtime::io::driver::Driver::turn" + Loop, "epoll_wait")]
    [InlineData(
        "syscall < std::sys::sync::condvar::futex::Condvar::wait < tokio::runtime::scheduler::multi_thread::park::Inner::park"
            + Loop,
        "futex"
    )]
    [InlineData(
        "epoll_wait < mio::poll::Poll::poll < tokio::runtime::time::Driver::park_internal" + Root,
        "epoll_wait"
    )]
    public void A_worker_that_waits_for_work_is_parked(string stack, string syscall) =>
        Assert.Equal(ThreadActivity.Parked, Of(stack, syscall));

    [Theory]
    [InlineData("syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < shop::update", "futex")]
    [InlineData("clock_nanosleep < std::thread::sleep < shop::update", "clock_nanosleep")]
    [InlineData("shop::update", "")]
    public void A_worker_with_a_tasks_poll_on_its_stack_is_in_it(string leaf, string syscall) =>
        Assert.Equal(
            ThreadActivity.InPoll,
            Of(leaf + " < tokio::runtime::task::harness::Harness<T,S>::poll" + Loop, syscall)
        );

    [Fact]
    public void Without_names_the_address_of_the_poll_function_decides() =>
        Assert.Equal(
            ThreadActivity.InPoll,
            ThreadActivities.Of(Named.Of("shop+0x1000 < shop+0x2000"), taskPoll: true, "futex", whole: false)
        );

    [Theory]
    [InlineData(
        "clock_nanosleep < std::thread::sleep < shop::handle < shop::main::{{closure}}" + Root,
        "clock_nanosleep"
    )]
    [InlineData("shop::parse < shop::main::{{closure}}" + Root, "")]
    [InlineData("clock_nanosleep < std::thread::sleep < shop::flush_metrics" + Loop, "clock_nanosleep")]
    [InlineData(
        "syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < shop::wake < tokio::runtime::time::Driver::park_internal"
            + Loop,
        "futex"
    )]
    public void The_users_code_in_the_main_future_a_hook_or_a_callback_is_outside_of_polls(
        string stack,
        string syscall
    ) => Assert.Equal(ThreadActivity.OutsidePolls, Of(stack, syscall));

    [Fact]
    public void The_schedulers_own_work_is_not_the_codes() =>
        Assert.Equal(ThreadActivity.BetweenPolls, Of("tokio::runtime::scheduler::inject::Shared<T>::pop" + Loop, ""));

    [Theory]
    [InlineData(
        "clock_nanosleep < std::thread::sleep < shop::export < tokio::runtime::blocking::task::BlockingTask<T>::poll"
            + " < tokio::runtime::task::core::Core<T,S>::poll < tokio::runtime::blocking::pool::Inner::run"
            + Start,
        "clock_nanosleep"
    )]
    [InlineData(
        "syscall < std::sys::sync::condvar::futex::Condvar::wait < tokio::runtime::blocking::pool::Inner::run" + Start,
        "futex"
    )]
    [InlineData(
        "shop::price < tokio::runtime::task::core::Core<T,S>::poll < tokio::runtime::task::harness::Harness<T,S>::poll"
            + " < tokio::runtime::blocking::pool::Inner::run"
            + Start,
        ""
    )]
    [InlineData("encoder::burn" + Start, "")]
    [InlineData(
        "syscall < tokio::runtime::park::Inner::park < tokio::runtime::park::CachedParkThread::block_on"
            + " < tokio::runtime::context::runtime::enter_runtime < shop::main",
        "futex"
    )]
    public void Threads_of_the_pool_and_of_no_runtime_are_not_workers(string stack, string syscall) =>
        Assert.Equal(ThreadActivity.Elsewhere, Of(stack, syscall));

    [Fact]
    public void What_was_not_walked_to_its_end_is_not_known() =>
        Assert.Equal(ThreadActivity.Unknown, ThreadActivities.Of(Named.Of("a::b < a::c"), false, "", whole: false));

    [Fact]
    public void Below_a_poll_known_only_by_its_name_there_may_be_the_pool() =>
        Assert.Equal(
            ThreadActivity.Unknown,
            ThreadActivities.Of(
                Named.Of("poll < shop::resolve < tokio::runtime::task::harness::Harness<T,S>::poll"),
                taskPoll: false,
                "poll",
                whole: false
            )
        );

    [Fact]
    public void Of_a_thread_that_polls_tasks_block_on_is_the_runtime() =>
        Assert.Equal(
            ThreadActivity.OutsidePolls,
            ThreadActivities.Of(
                Named.Of(
                    "clock_nanosleep < std::thread::sleep < shop::handle < tokio::runtime::context::runtime::enter_runtime < shop::main"
                ),
                taskPoll: false,
                "clock_nanosleep",
                whole: true,
                polls: true
            )
        );

    private static ThreadActivity Of(string stack, string syscall) =>
        ThreadActivities.Of(Named.Of(stack), taskPoll: false, syscall, whole: true);
}
