using Hud.Operator.Streams;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Operator.Tests.Streams;

public sealed class MemoryRetryTests
{
    [Fact]
    public async Task A_heap_that_is_full_for_a_moment_costs_no_profile()
    {
        var calls = 0;
        var work = RunAsync(() => ++calls < MemoryRetry.Tries ? Full() : "a profile");
        Assert.Equal("a profile", await work);
        Assert.Equal(MemoryRetry.Tries, calls);
    }

    [Fact]
    public async Task One_that_stays_full_ends_it()
    {
        var calls = 0;
        await Assert.ThrowsAsync<OutOfMemoryException>(() =>
            RunAsync<string>(() =>
            {
                calls++;
                return Full();
            })
        );
        Assert.Equal(MemoryRetry.Tries, calls);
    }

    [Fact]
    public async Task What_else_goes_wrong_is_not_tried_again()
    {
        var calls = 0;
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            RunAsync<string>(() =>
            {
                calls++;
                throw new InvalidDataException();
            })
        );
        Assert.Equal(1, calls);
    }

    /// <summary>More than any array may have, which the runtime calls the same.</summary>
    private static string Full() => new('x', int.MaxValue);

    private static async Task<T> RunAsync<T>(Func<T> work)
    {
        var clock = new FakeTimeProvider();
        var running = MemoryRetry.RunAsync(work, clock, default);
        for (var i = 0; i < 1000 && !running.IsCompleted; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }
        return await running;
    }
}
