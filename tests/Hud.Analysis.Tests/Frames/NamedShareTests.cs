using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis.Tests;

public sealed class NamedShareTests
{
    [Fact]
    public void The_share_of_named_frames_is_over_physical_frames()
    {
        var share = new NamedShare();
        Assert.Equal(100, share.Percent);
        Frame kernel = new("k", null, 0, false, FrameKind.Kernel, "[kernel]");
        share.Add([Named("a", inlined: true), Named("b"), Frame.Unresolved("m", 1), kernel]);
        share.Add([Named("c")]);
        Assert.Equal((3, 2, 1), (share.Frames, share.Named, share.Unresolved));
        Assert.Equal(66, share.Percent);
        static Frame Named(string name, bool inlined = false) => new(name, null, 0, inlined, FrameKind.User, "m");
    }
}
