using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class TargetShareTests
{
    /// <summary>The operator chooses no more pods of a node.</summary>
    [Fact]
    public void As_many_are_watched_as_the_API_says() => Assert.Equal(SessionBounds.MaxPodsOfNode, Abi.MaxTargets - 1);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(63, 63, 0)]
    [InlineData(64, 63, 1)]
    [InlineData(100, 63, 37)]
    public void What_one_agent_cannot_watch_is_known_and_not_dropped(int all, int watched, int tooMany)
    {
        var share = TargetFinder.Share([.. Enumerable.Range(1, all).Select(pid => new AgentTarget { Pid = pid })]);
        Assert.Equal((watched, tooMany), (share.Watched.Count, share.TooMany.Count));
        Assert.Equal(Enumerable.Range(1, all), share.Watched.Concat(share.TooMany).Select(t => t.Pid!.Value));
    }
}
