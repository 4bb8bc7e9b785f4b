using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>The list of wanted targets, as a <see cref="ListFile{T}"/>.</summary>
/// <param name="first">What is wanted until the file can be read.</param>
internal sealed class TargetsFile(string path, IReadOnlyList<AgentTarget> first, Action<Diagnostic> warn)
    : IWantedTargets
{
    public const int MaxBytes = 256 * 1024;

    /// <summary>Far more than one agent watches.</summary>
    public const int MaxTargets = 1000;

    private const int MaxText = 512;
    private readonly ListFile<AgentTarget> _file = new(
        path,
        MaxBytes,
        HudJson.Default.IReadOnlyListAgentTarget,
        Problem,
        why =>
            warn(
                new Diagnostic(
                    DiagnosticKinds.BadTargetList,
                    $"the list of targets in {path} can't be used: {why}",
                    "the last list that could be read stays in force; write the whole list, and rename it into place"
                )
            )
    );
    private IReadOnlyList<WantedTarget> _list = Wanted(first);
    private bool _toldMany;

    public string Name => "";

    public IReadOnlyList<WantedTarget> Look(long nowNs)
    {
        if (_file.Look() is { } read)
            Take(Wanted(read));
        return _list;
    }

    private void Take(IReadOnlyList<WantedTarget> all)
    {
        if (all.Count > MaxTargets && !_toldMany)
        {
            _toldMany = true;
            warn(
                new Diagnostic(
                    DiagnosticKinds.TooManyTargets,
                    $"the list of targets has {all.Count} entries: only the first {MaxTargets} are looked at",
                    "choose fewer pods (target.maxPods), or use several sessions"
                )
            );
        }

        _list = [.. all.Take(MaxTargets)];
    }

    private static IReadOnlyList<WantedTarget> Wanted(IReadOnlyList<AgentTarget> targets) =>
        [.. targets.Select(WantedTarget.Of).DistinctBy(t => t.Key, StringComparer.Ordinal)];

    private static string? Problem(AgentTarget target) =>
        (target.Pid is > 0 || (target.Pid is null && target.ContainerId is { Length: > 0 }))
        && new[] { target.ContainerId, target.PodUid, target.Pod, target.Container, target.ProcessName }.All(text =>
            text is null or { Length: <= MaxText }
        )
            ? null
            : "an entry names neither a pid nor a container, or has a text that is too long";
}
