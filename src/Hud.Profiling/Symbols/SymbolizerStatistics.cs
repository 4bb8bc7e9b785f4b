using Hud.Core.Profile;
using Hud.Profiling.Frames;

namespace Hud.Profiling.Symbols;

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

    /// <summary>Share of physical frames with a name, 0..100, rounded down so that 100 means all; 100 for no frames. Weigh stacks
    /// by how often they were seen.</summary>
    public static int SymbolizedPercent(IEnumerable<(IReadOnlyList<Frame> Frames, long Weight)> stacks)
    {
        ArgumentNullException.ThrowIfNull(stacks);
        long named = 0, all = 0;
        foreach (var (frames, weight) in stacks)
        {
            foreach (var frame in frames)
            {
                if (!frame.Inlined && frame.Kind != FrameKind.Kernel)
                {
                    all += weight;
                    named += frame.Kind == FrameKind.Unknown ? 0 : weight;
                }
            }
        }

        return all == 0 ? 100 : (int)(100 * named / all);
    }
}
