using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class BlockingPoolsTests
{
    private static readonly string[] TwoWorkers = ["tokio-rt-worker", "tokio-rt-worker"];

    [Theory]
    [InlineData(514, true)] // two workers and all 512
    [InlineData(513, false)]
    [InlineData(2, false)]
    public void It_is_full_with_512_threads_beside_the_workers(int threads, bool full) =>
        Assert.Equal(full, BlockingPools.IsFull(Enumerable.Repeat("tokio-rt-worker", threads), TwoWorkers));

    [Fact]
    public void Threads_of_other_names_are_of_no_pool() =>
        Assert.False(
            BlockingPools.IsFull(
                Enumerable.Repeat("rayon", 600).Concat(Enumerable.Repeat("tokio-rt-worker", 40)),
                TwoWorkers
            )
        );

    [Fact]
    public void Each_runtime_has_a_pool_of_its_own() =>
        Assert.False(
            BlockingPools.IsFull(
                Enumerable.Repeat("shop", 300).Concat(Enumerable.Repeat("cart", 300)),
                ["shop", "cart"]
            )
        );
}
