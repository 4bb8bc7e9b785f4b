using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>How many frames have a name: over physical frames of the program and its libraries. Inlined frames stand and fall with the
/// function around them, and kernel frames say nothing about the build.</summary>
public sealed class NamedShare
{
    public long Frames { get; private set; }

    public long Named { get; private set; }

    public long Unresolved => Frames - Named;

    /// <summary>0..100, rounded down so that 100 means all; 100 for no frames.</summary>
    public int Percent => Frames == 0 ? 100 : (int)(100 * Named / Frames);

    public void Add(IReadOnlyList<Frame> stack)
    {
        ArgumentNullException.ThrowIfNull(stack);
        foreach (var frame in stack)
        {
            if (!frame.Inlined && frame.Kind != FrameKind.Kernel)
            {
                Frames++;
                Named += frame.Kind == FrameKind.Unknown ? 0 : 1;
            }
        }
    }
}
