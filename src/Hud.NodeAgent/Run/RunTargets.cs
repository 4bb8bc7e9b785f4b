using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>The processes of a run: which are watched, which are gone, and what is reported of those that are not.</summary>
internal sealed class RunTargets(string? node, Action<Diagnostic> warn) : IDisposable
{
    /// <summary>Room that is kept for the types of libraries that are loaded in mid-run.</summary>
    public const int SpareTypes = 256;

    private readonly List<TargetProcess> _all = [];
    private readonly List<RefusedTarget> _refused = [];

    /// <summary>By index, as the events name them; those that are gone, too.</summary>
    public IReadOnlyList<TargetProcess> All => _all;

    public IEnumerable<TargetProcess> Watched => _all.Where(t => !t.Gone);

    /// <summary>What kept the first of those from being watched that are not.</summary>
    public Diagnostic? FirstProblem => _refused.FirstOrDefault()?.Problem;

    /// <summary>By index; behind them those that are not watched.</summary>
    public IEnumerable<TargetProfile> Describe() => _all.Concat<Target>(_refused).Select(t => t.Describe(node));

    public bool IsThere(TargetId target) => _all[target.Index].IsAlive();

    public void Open(IReadOnlyList<AgentTarget> asked, TargetOpener opener)
    {
        var (watched, tooMany) = TargetFinder.Share(asked);
        Diagnostic? problem = null;
        if (tooMany.Count > 0)
        {
            problem = new Diagnostic(
                DiagnosticKinds.TooManyTargets,
                $"{tooMany.Count} of {asked.Count} processes are not watched: one agent watches {watched.Count} at most",
                "choose fewer pods (target.maxPods), or use several sessions"
            );
            warn(problem);
        }

        foreach (var spec in watched)
            Add(opener.Open(new TargetId(_all.Count), spec));
        _refused.AddRange(
            tooMany.Select(spec => new RefusedTarget
            {
                Spec = spec,
                Pid = spec.Pid ?? 0,
                Problem = problem!,
            })
        );
    }

    internal void Add(Target opened)
    {
        if (opened is RefusedTarget refused)
        {
            _refused.Add(refused);
            warn(refused.Problem);
            return;
        }

        var target = (TargetProcess)opened;
        _all.Add(target);
        if (target.Tokio.FromSymbols)
            warn(
                new Diagnostic(
                    DiagnosticKinds.OldTokio,
                    $"{target.Name} uses a Tokio before 1.23: its tasks are known by their symbols only",
                    "upgrade Tokio to see every task type"
                )
            );
        if (target.Tokio.Refused.Count > 0)
            warn(
                new Diagnostic(
                    DiagnosticKinds.SlowProbeSites,
                    $"{target.Tokio.Refused.Count} of {target.Tokio.Refused.Count + target.Tokio.Types.Count} task types are not timed: their first instruction ({target.Tokio.Refused[0].Site.Instruction}) is expensive to probe",
                    "build with optimisation (cargo build --release)"
                )
            );
    }

    /// <summary>Gives every task type of every target its number. The one after a target's last is for code outside of polls.</summary>
    public void AssignTypes()
    {
        foreach (var target in _all)
        {
            target.AssignNumbers(Types);
            Types += target.Tokio.Types.Count + 1;
        }

        TypesWithSpare = Types + SpareTypes;
    }

    /// <summary>How many numbers were given.</summary>
    public int Types { get; private set; }

    /// <summary>How many there can be.</summary>
    public int TypesWithSpare { get; private set; }

    /// <summary>Gives numbers to the types of a library that a target loaded in mid-run.</summary>
    /// <returns>False when there is no room for them.</returns>
    public bool TryAdd(TargetProcess target, TokioFile file)
    {
        int count = file.Tokio.Types.Count;
        if (count == 0 || Types + count > TypesWithSpare)
            return false;
        target.Add(file, Types);
        Types += count;
        return true;
    }

    /// <summary>Between two looks at the kernel's sums: who is gone, what the others used and were held back.</summary>
    public void Look()
    {
        foreach (var target in Watched.ToList())
        {
            ReportRefusal(target);
            if (!target.Gone && !target.IsAlive())
                Lose(
                    target,
                    target.IsReplaced()
                        ? target.Replaced()
                        : Ended(target, "during the run", "the report holds what was seen until then")
                );
            if (target.Gone)
                continue;

            target.LastCpu = Math.Max(target.LastCpu, ProcFs.CpuTimeNs(target.Pid));
            target.LastQuota = CpuQuota.Read(target.QuotaFiles);
        }
    }

    public void Lose(TargetProcess target, Diagnostic why)
    {
        target.Gone = true;
        target.Probes.Detach();
        warn(why);
    }

    /// <summary>Its probes came off by themselves, or were never put on.</summary>
    public void ReportRefusal(TargetProcess target)
    {
        if (target.Refusal is not { } refusal)
            return;
        target.Refusal = null;
        if (refusal.Kind == DiagnosticKinds.TargetGone)
            Lose(target, refusal);
        else
            warn(refusal);
    }

    /// <summary>Same pid, another program: its types and tables are no longer valid.</summary>
    public void OnExec(TargetProcess target)
    {
        if (!target.Gone)
            Lose(target, target.Replaced());
    }

    public static Diagnostic Ended(TargetProcess target, string when, string next) =>
        new(DiagnosticKinds.TargetGone, $"{target.Name} ({target.Pid}) ended {when}", next);

    public void Detach()
    {
        foreach (var target in _all)
            target.Probes.Detach();
    }

    public void Dispose()
    {
        foreach (var target in _all)
            target.Dispose();
    }
}
