using Hud.Analysis;
using Hud.Frames;
using Hud.Symbolization;

namespace Hud.NodeAgent.Run;

/// <summary>Names for a target's addresses, through the modules it has mapped.</summary>
internal sealed class TargetFrames(IReadOnlyList<TargetProcess> targets, Symbolizer symbolizer) : IFrameSource
{
    private readonly SymbolizedFrames _names = new(
        symbolizer,
        id =>
            targets[id.Index] is { Code: { } code } target
                ? new TargetCode(code, target.Space is null ? $"/proc/{target.Pid}/root" : null)
                : null
    );

    public IReadOnlyList<Frame> Resolve(TargetId target, ReadOnlySpan<ulong> addresses, bool exact) =>
        _names.Resolve(target, addresses, exact);

    /// <summary>What the programs' builds lack; libraries of the system are not the user's to rebuild.</summary>
    public IEnumerable<(string Text, string NextStep)> Warnings() =>
        _names
            .Modules.Where(m => targets.Any(t => t.TokioFiles.Any(f => f.Name == m.Path)))
            .Select(symbolizer.Warning)
            .OfType<(string, string)>();
}
