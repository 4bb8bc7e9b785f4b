using System.Text.Json;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Elf;

namespace Hud.NodeAgent.Run;

/// <summary>
/// The list of wanted targets in a file that somebody else writes. It is opened anew at each look: files of the downward API are replaced by a
/// symbolic link that changes all at once. What can't be read, or is no such list, is told once, and the last good list stays.
/// </summary>
/// <param name="first">What is wanted until the file can be read.</param>
internal sealed class TargetsFile(string path, IReadOnlyList<AgentTarget> first, Action<Diagnostic> warn)
    : IWantedTargets
{
    public const int MaxBytes = 256 * 1024;

    /// <summary>Far more than one agent watches.</summary>
    public const int MaxTargets = 1000;

    private const int MaxText = 512;
    private IReadOnlyList<WantedTarget> _list =
    [
        .. first.Select(WantedTarget.Of).DistinctBy(t => t.Key, StringComparer.Ordinal),
    ];
    private byte[]? _last;
    private bool _toldBad;
    private bool _toldMany;

    public string Name => "";

    public IReadOnlyList<WantedTarget> Look(long nowNs)
    {
        if (Read(out string problem) is not { } bytes)
            Bad(problem);
        else if (_last is null || !bytes.AsSpan().SequenceEqual(_last))
        {
            _last = bytes;
            Take(bytes);
        }

        return _list;
    }

    private byte[]? Read(out string problem)
    {
        if (!FileByteSource.TryOpen(path, out var source, out problem))
            return null;
        using (source)
        {
            if (source.Length > MaxBytes)
            {
                problem = $"it has {source.Length} bytes, and {MaxBytes} are the most";
                return null;
            }

            byte[] bytes = new byte[source.Length];
            return bytes[..source.Read(0, bytes)];
        }
    }

    private void Take(byte[] bytes)
    {
        try
        {
            var read =
                JsonSerializer.Deserialize(bytes, HudJson.Default.IReadOnlyListAgentTarget)
                ?? throw new JsonException("it is null and not a list");
            if (!read.All(IsSound))
                throw new JsonException("an entry names neither a pid nor a container, or has a text that is too long");
            List<WantedTarget> all =
            [
                .. read.Select(t => WantedTarget.Of(t!)).DistinctBy(t => t.Key, StringComparer.Ordinal),
            ];
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
        catch (JsonException e)
        {
            Bad(e.Message);
        }
    }

    private static bool IsSound(AgentTarget? target) =>
        target is not null
        && (target.Pid is > 0 || (target.Pid is null && target.ContainerId is { Length: > 0 }))
        && new[] { target.ContainerId, target.PodUid, target.Pod, target.Container, target.ProcessName }.All(text =>
            text is null or { Length: <= MaxText }
        );

    private void Bad(string why)
    {
        if (_toldBad)
            return;
        _toldBad = true;
        warn(
            new Diagnostic(
                DiagnosticKinds.BadTargetList,
                $"the list of targets in {path} can't be used: {why}",
                "the last list that could be read stays in force; write the whole list, and rename it into place"
            )
        );
    }
}
