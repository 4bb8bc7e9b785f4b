using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Elf;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Tokio;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>One process under observation.</summary>
internal sealed class TargetProcess : Target, IDisposable
{
    private uint? _number;
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

    /// <summary>Its row in the report.</summary>
    public required TargetId Id { get; set; }

    /// <summary>
    /// What the BPF programs call it: modulo <see cref="Abi.MaxTargets"/> its place there. Of a target of the start the same as its row; each
    /// process that comes later has a number that none had before, so that no record is taken for another's.
    /// </summary>
    public uint Number
    {
        get => _number ?? (uint)Id.Index;
        set => _number = value;
    }

    public int Place => (int)(Number % Abi.MaxTargets);

    /// <summary>What it is wanted as, in a run that follows its targets.</summary>
    public string Key { get; set; } = "";

    /// <summary>CLOCK_MONOTONIC ns: since when it is watched; 0 from the start.</summary>
    public long FromNs { get; set; }

    /// <summary>CLOCK_MONOTONIC ns: until when it was; 0 while it is.</summary>
    public long ToNs { get; set; }

    /// <summary>When the first look at its threads was over: what had begun by then had begun before.</summary>
    public ulong FirstLookNs { get; set; }

    /// <summary>It is gone and all it left is read: its place and its row can be another process's.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Its end is no failure: the run goes on with the next process.</summary>
    public bool MayEnd { get; set; }

    /// <summary>Of the processes that had its row before.</summary>
    public TargetHistory Before { get; set; } = new();

    /// <summary>Where its stacks are kept, when it isn't the first process of its row; null when they are as they came.</summary>
    public ProgramSpace? Space { get; set; }

    /// <summary>The code at the addresses of its stacks as they are kept.</summary>
    public IModuleLookup? Code => (IModuleLookup?)Space ?? Modules;
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

    /// <summary>
    /// Has the row of a process that is gone and ran the same program, which this one goes on with: the same types under the same numbers.
    /// </summary>
    /// <param name="workerNs">Of the workers of that one.</param>
    public void Succeed(TargetProcess ended, long workerNs)
    {
        Id = ended.Id;
        Before = TargetHistory.Of(ended, workerNs);
        Space = ended.Space ?? new ProgramSpace(ended.Modules);
        Numbers = ended.Numbers.Again();
    }

    /// <summary>The same executable and libraries with the same types at the same places, as far as they were there from the start.</summary>
    public bool RunsSameProgram(TargetProcess earlier)
    {
        int types = Tokio.Types.Count;
        return types == earlier.Numbers.Initial
            && TokioFiles.Count <= earlier.TokioFiles.Count
            && TokioFiles
                .Select(f => f.Key)
                .SequenceEqual(earlier.TokioFiles.Take(TokioFiles.Count).Select(f => f.Key), StringComparer.Ordinal)
            && Tokio
                .Types.Select(t => (t.Name, t.FileOffset, t.File))
                .SequenceEqual(earlier.Tokio.Types.Take(types).Select(t => (t.Name, t.FileOffset, t.File)));
    }

    /// <summary>The same container of the same pod, or a process of no pod like itself.</summary>
    public bool IsInPlaceOf(TargetProcess earlier) =>
        Spec.PodUid == earlier.Spec.PodUid
        && Spec.Pod == earlier.Spec.Pod
        && Spec.Container == earlier.Spec.Container
        && Spec.ProcessName == earlier.Spec.ProcessName;

    /// <summary>Its types come behind those that are known; <paramref name="number"/> is the number of the first.</summary>
    public void Add(TokioFile file, int number)
    {
        Numbers.Add(file.Tokio.Types.Count, number, file.Key);
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
        var (cpuNs, throttledNs, throttledPeriods) = Own();
        var own = base.Describe(node) with
        {
            BuildId = BuildId,
            State = Gone && !MayEnd ? TargetState.Failed : TargetState.Succeeded,
            Reason = Gone ? TargetReasons.TargetGone : "",
            Message = Gone ? "the process ended during the run; what was seen until then is kept" : "",
            TokioVersion = Tokio.TokioVersion,
            TaskTypes = Tokio.Types.Count,
            WakesNotTimed = WakeNotes.Of(this) ?? "",
            CpuNs = cpuNs,
            ThrottledNs = throttledNs,
            ThrottledPeriods = throttledPeriods,
        };
        return Before.AddTo(own);
    }

    /// <summary>Of this process alone, while it was watched.</summary>
    internal (long CpuNs, long ThrottledNs, long ThrottledPeriods) Own()
    {
        var quota = CpuQuota.Since(QuotaAtStart, LastQuota);
        return (Math.Max(0, LastCpu - CpuAtStart), quota.ThrottledNs, quota.Periods);
    }

    public void Dispose() => Probes.Dispose();

    private static (uint, uint, ulong) FileOf(Mapping mapping) => (mapping.DevMajor, mapping.DevMinor, mapping.Inode);
}
