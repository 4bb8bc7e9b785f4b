using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Elf;
using Hud.Frames;
using Hud.NodeAgent.Proc;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>One process under observation.</summary>
internal sealed class TargetProcess : Target, IDisposable
{
    private readonly TargetFiles? _files;
    private readonly HashSet<(uint, uint, ulong)> _looked;
    private DateTime _mapsReadAt = DateTime.UtcNow;

    /// <param name="files">Where its code is read; null when it has none.</param>
    /// <param name="looked">Libraries that were looked at for a Tokio of their own.</param>
    public TargetProcess(TargetFiles? files = null, IEnumerable<Mapping>? looked = null)
    {
        _files = files;
        _looked = [.. (looked ?? []).Select(FileOf)];
        Probes = new TargetProbes(this);
    }

    public required TargetId Id { get; init; }
    public string BuildId { get; init; } = "";
    public ProcessIdentity Identity { get; init; }
    public long StartTicks => Identity.StartTicks;

    /// <summary>Its executable, and the libraries that have Tokio; <see cref="TaskType.File"/> counts in it.</summary>
    public IReadOnlyList<TokioFile> TokioFiles { get; internal set; } = [];

    /// <summary>All of them as one.</summary>
    public TokioBinary Tokio { get; internal set; } = new();

    /// <summary>What its types are counted under.</summary>
    public TypeNumbers Numbers { get; private set; } = new(0, 0);

    public TargetProbes Probes { get; }

    /// <summary>In the kernel's first pid namespace.</summary>
    public uint Tgid { get; set; }

    public bool Gone { get; set; }

    /// <summary>False where a return probe could kill it, or any probe could harm a process.</summary>
    public bool ReturnProbesAllowed { get; set; } = true;

    /// <summary>Why its probes came off or were never put on, until it is reported.</summary>
    public Diagnostic? Refusal { get; set; }

    /// <summary>Why the wakes of its tasks could not be probed; null while they can.</summary>
    public string? WakesNotTimed { get; set; }

    public ModuleMap? Modules { get; internal set; }

    public IReadOnlyList<string> QuotaFiles { get; init; } = [];
    public IReadOnlyList<CpuQuota> QuotaAtStart { get; set; } = [];
    public IReadOnlyList<CpuQuota> LastQuota { get; set; } = [];
    public long CpuAtStart { get; set; }
    public long LastCpu { get; set; }

    /// <summary>A worker that gives its queue away in the middle of a poll (block_in_place) is seen to.</summary>
    public bool SeesHandovers => Probes.Any && Tokio.ShowsHandovers;

    /// <summary>Libraries may be loaded at any time: reads the mappings again, at most once a second.</summary>
    public bool RefreshModules()
    {
        if (_files is null || DateTime.UtcNow - _mapsReadAt < TimeSpan.FromSeconds(1))
            return false;
        _mapsReadAt = DateTime.UtcNow;
        var space = TargetFiles.ReadMaps(Pid);
        if (space.Mappings.Length == 0)
            return false;
        Modules = _files.Modules(Pid, space);
        return true;
    }

    /// <summary>The next library with a Tokio of its own that was loaded since the last look; null when there is none.</summary>
    public TokioFile? FindLateTokio()
    {
        if (_files is null || !IsAlive())
            return null;
        foreach (var mapping in Run.TokioFiles.Libraries(TargetFiles.ReadMaps(Pid)))
        {
            if (
                _looked.Add(FileOf(mapping))
                && Run.TokioFiles.Look(Pid, mapping, _files) is { } file
                && TokioFiles.All(f => f.Key != file.Key)
            )
            {
                _files.Prepare(Pid, mapping);
                _mapsReadAt = default;
                RefreshModules();
                return file;
            }
        }

        return null;
    }

    public Diagnostic Replaced() =>
        new(
            DiagnosticKinds.TargetGone,
            $"{Name} ({Pid}) started another program in its place",
            "profile the new program with a session of its own"
        );

    /// <param name="first">The number of its first type; the others follow.</param>
    public void AssignNumbers(int first) => Numbers = new TypeNumbers(first, Tokio.Types.Count);

    /// <summary>Its types come behind those that are known; <paramref name="number"/> is the number of the first.</summary>
    public void Add(TokioFile file, int number)
    {
        Numbers.Add(file.Tokio.Types.Count, number);
        TokioFiles = [.. TokioFiles, file];
        Tokio = TokioBinary.Join([.. TokioFiles.Select(f => f.Tokio)]);
    }

    /// <summary>
    /// True while the process is the one we opened and runs the same program: not gone, not another one with its pid, not ended
    /// and waiting for its parent.
    /// </summary>
    public bool IsAlive() => !Gone && Identity.LookAgain(Pid) == Presence.Same;

    /// <summary>The process is there, but what it runs was started after we had looked.</summary>
    public bool IsReplaced() => Identity.LookAgain(Pid) == Presence.Replaced;

    public override TargetProfile Describe(string? node)
    {
        var quota = CpuQuota.Since(QuotaAtStart, LastQuota);
        return base.Describe(node) with
        {
            BuildId = BuildId,
            State = Gone ? TargetState.Failed : TargetState.Succeeded,
            Reason = Gone ? TargetReasons.TargetGone : "",
            Message = Gone ? "the process ended during the run; what was seen until then is kept" : "",
            TokioVersion = Tokio.TokioVersion,
            TaskTypes = Tokio.Types.Count,
            WakesNotTimed = WakeNotes.Of(this) ?? "",
            CpuNs = Math.Max(0, LastCpu - CpuAtStart),
            ThrottledNs = quota.ThrottledNs,
            ThrottledPeriods = quota.Periods,
        };
    }

    public void Dispose() => Probes.Dispose();

    private static (uint, uint, ulong) FileOf(Mapping mapping) => (mapping.DevMajor, mapping.DevMinor, mapping.Inode);
}
