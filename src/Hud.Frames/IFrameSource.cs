namespace Hud.Frames;

/// <summary>Names for addresses of a target, inlined frames expanded. What has no name is still a frame.</summary>
public interface IFrameSource
{
    /// <param name="exact">False: what is quick to find while the run goes on. True: with inlines and lines, for the report.</param>
    IReadOnlyList<Frame> Resolve(TargetId target, ReadOnlySpan<ulong> addresses, bool exact);
}
