using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// What a task waited behind, where the culprit is known: against the blocks and the waits that the program noted itself.
/// </summary>
[Collection(Alone.Name)]
public sealed class BehindTests
{
    private const string Set = "tokio143-release";

    /// <summary>At once: these programs sleep nearly all the time.</summary>
    private static Task CheckAsync(params BehindCase[] cases) =>
        Task.WhenAll(cases.Select(which => BehindCheck.OfAsync(Set, which)));

    /// <summary>A message from a thread of its own; a timer or a socket that is ready with that of a blocker; a notification.</summary>
    [Fact]
    public Task Woken_from_outside_or_by_the_runtime() =>
        CheckAsync(BehindCase.Channel, BehindCase.Timer, BehindCase.Io, BehindCase.Notify);

    /// <summary>
    /// In the slot for the next task it waits for the one that woke it, and one that wakes itself goes behind the one that it has woken. A lock is a cause
    /// of its own, and a block after the queue was handed over is no culprit.
    /// </summary>
    [Fact]
    public Task Woken_by_a_task_of_the_same_worker() =>
        CheckAsync(BehindCase.NextSlot, BehindCase.WokeItself, BehindCase.Lock, BehindCase.InPlace);

    /// <summary>On one thread and in a local set; another runtime is not to blame, and two blockers at once share the wait.</summary>
    [Fact]
    public Task On_other_schedulers_and_on_several() =>
        CheckAsync(BehindCase.CurrentThread, BehindCase.LocalSet, BehindCase.TwoRuntimes, BehindCase.TwoAtOnce);

    [Fact]
    public Task Many_short_polls_are_no_culprit() => CheckAsync(BehindCase.ShortPolls);

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
