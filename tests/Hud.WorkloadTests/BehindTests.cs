using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// What a task waited behind, where the culprit is known: against the blocks and the waits that the program noted itself.
/// </summary>
[Collection(Alone.Name)]
public sealed class BehindTests
{
    private static Task CheckAsync(BehindCase which) => BehindCheck.OfAsync("tokio143-release", which);

    [Fact]
    public Task In_the_slot_for_the_next_task_it_waits_for_the_one_that_woke_it() => CheckAsync(BehindCase.NextSlot);

    [Fact]
    public Task A_message_from_a_thread_of_its_own() => CheckAsync(BehindCase.Channel);

    [Fact]
    public Task A_timer_that_is_due_with_that_of_a_blocker() => CheckAsync(BehindCase.Timer);

    [Fact]
    public Task A_socket_that_is_ready_with_that_of_a_blocker() => CheckAsync(BehindCase.Io);

    [Fact]
    public Task A_notification() => CheckAsync(BehindCase.Notify);

    [Fact]
    public Task A_task_that_wakes_itself_goes_behind_the_one_it_has_woken() => CheckAsync(BehindCase.WokeItself);

    [Fact]
    public Task On_one_thread() => CheckAsync(BehindCase.CurrentThread);

    [Fact]
    public Task In_a_local_set() => CheckAsync(BehindCase.LocalSet);

    [Fact]
    public Task A_lock() => CheckAsync(BehindCase.Lock);

    [Fact]
    public Task Another_runtime_is_not_to_blame() => CheckAsync(BehindCase.TwoRuntimes);

    [Fact]
    public Task Two_blockers_at_once_share_the_wait() => CheckAsync(BehindCase.TwoAtOnce);

    [Fact]
    public Task Many_short_polls_are_no_culprit() => CheckAsync(BehindCase.ShortPolls);

    [Fact]
    public Task A_block_after_the_queue_was_handed_over_is_no_culprit() => CheckAsync(BehindCase.InPlace);

    [Fact]
    public Task Where_the_worker_had_no_cpu_that_is_what_it_was_behind() => CheckAsync(BehindCase.Starved);

    /// <summary>All three schedulers, and a wake from another thread, by the task that blocks, and of a task during its own poll.</summary>
    [Theory]
    [InlineData("tokio143-stripped")]
    [InlineData("tokio143-lto-abort")]
    [InlineData("tokio124-release")]
    [InlineData("tokio124-stripped")]
    [InlineData("tokio124-lto-abort")]
    [InlineData("tokio-new-release")]
    [InlineData("tokio-new-stripped")]
    [InlineData("tokio-new-lto-abort")]
    public Task It_is_known_in_every_build(string set) =>
        Task.WhenAll(
            new[] { BehindCase.Notify, BehindCase.WokeItself, BehindCase.CurrentThread, BehindCase.LocalSet }.Select(
                which => BehindCheck.OfAsync(set, which)
            )
        );
}
