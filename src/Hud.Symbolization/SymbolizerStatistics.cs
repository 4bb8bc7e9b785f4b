using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Symbolization;

/// <summary>How much could be named, over distinct addresses.</summary>
public sealed class SymbolizerStatistics
{
    public long Addresses { get; private set; }

    public long Named { get; private set; }

    public long WithLines { get; private set; }

    public long Unresolved => Addresses - Named;

    internal void Count(Frame[] frames)
    {
        Addresses++;
        Named += frames[^1].Kind == FrameKind.Unknown ? 0 : 1;
        WithLines += frames[^1].Line > 0 ? 1 : 0;
    }
}
