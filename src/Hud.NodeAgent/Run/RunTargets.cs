using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>The processes of a run: which are watched, which are gone, and what is reported of those that are not.</summary>
internal sealed class RunTargets(string? node, Action<Diagnostic> warn) : IDisposable
{
    /// <summary>Room that is kept for the types of libraries that are loaded in mid-run.</summary>
    public const int SpareTypes = 256;

    /// <summary>Ends that are told one by one in a run that goes on after each; the others are counted.</summary>
    private const int MaxTold = 10;

    /// <summary>Refused targets that a run lists, and tells of, which goes on looking for others.</summary>
    private const int MaxRefused = 50;

    private readonly List<TargetProcess> _all = [];
    private readonly List<RefusedTarget> _refused = [];
    private readonly uint[] _turns = new uint[Places];
    private int _ended;
    private int _toldRefused;

    /// <summary>The processes that can be watched at one time: the last number is the agent's own child's.</summary>
    public const int Places = Abi.MaxTargets - 1;

    /// <summary>Rows of processes that are gone. Later ones share the row of an earlier one that ran the same program.</summary>
    public const int MaxEndedRows = 50;

    /// <summary>The run goes on when targets end, and takes in others.</summary>
    public bool Follows { get; init; }

    /// <summary>Room for the types of programs that come in mid-run, besides that for libraries.</summary>
    public int RoomForOthers => Follows ? Math.Max(2048, Types) : 0;

    /// <summary>By row; those that are gone, too.</summary>
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

    /// <summary>Refused targets for which there is no line.</summary>
    public int RefusedUnlisted { get; private set; }

    /// <summary>Ends that were not told one by one.</summary>
    public int EndedUntold => Math.Max(0, _ended - MaxTold);

    /// <param name="key">What it is wanted as.</param>
    internal void Refuse(RefusedTarget refused, string key = "")
    {
        int known = key.Length > 0 ? _refused.FindIndex(r => r.Key == key) : -1;
        refused.Key = key;
        if (known >= 0)
        {
            _refused[known] = refused;
            return;
        }

        if (Follows && _refused.Count >= MaxRefused)
        {
            RefusedUnlisted++;
            return;
        }

        _refused.Add(refused);
        if (!Follows || ++_toldRefused <= MaxRefused)
            warn(refused.Problem);
    }

    /// <summary>Those that are wanted no more have no line: each start of a container that crashes is one.</summary>
    internal void ForgetRefused(Predicate<string> isWanted) =>
        _refused.RemoveAll(r => r.Key.Length > 0 && !isWanted(r.Key));

    internal void Add(Target opened, string key = "")
    {
        if (opened is RefusedTarget refused)
        {
            Refuse(refused, key);
            return;
        }

        var target = (TargetProcess)opened;
        (target.Key, target.MayEnd) = (key, Follows);
        if (Follows)
            target.Id = new TargetId(_all.Count);
        _turns[target.Place % Places]++;
        _all.Add(target);
        WarnOfTokio(target);
    }

    private void WarnOfTokio(TargetProcess target)
    {
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

        TypesWithSpare = Types + SpareTypes + RoomForOthers;
    }

    /// <summary>
    /// Gives a process that came in mid-run its place in the BPF programs, its row and its numbers: those of one that is gone and was the
    /// same program in the same place, else new ones while there is room, else those of any that is gone and was the same program.
    /// </summary>
    /// <param name="workerNs">Time of the workers of a process whose row it is to have.</param>
    /// <returns>False when there is no place or no row for it.</returns>
    internal bool TryTakeIn(TargetProcess late, string key, Func<TargetProcess, long> workerNs)
    {
        if (FreePlace() is not { } place)
            return false;
        var ended = _all.Where(t => t.IsSettled && late.RunsSameProgram(t)).OrderBy(t => t.ToNs).ToList();
        if (ended.FindLast(late.IsInPlaceOf) is { } before)
            late.Succeed(before, workerNs(before));
        else if (Types + late.Tokio.Types.Count < TypesWithSpare && _all.Count(t => t.IsSettled) < MaxEndedRows)
        {
            late.Id = new TargetId(_all.Count);
            late.AssignNumbers(Types);
            Types += late.Tokio.Types.Count + 1;
        }
        else if (ended.Count > 0)
            late.Succeed(ended[0], workerNs(ended[0]));
        else
            return false;
        (late.Key, late.MayEnd) = (key, true);
        late.Number = _turns[place]++ * Abi.MaxTargets + (uint)place;
        _refused.RemoveAll(r => r.Key == key);
        if (late.Id.Index < _all.Count)
        {
            _all[late.Id.Index].Dispose();
            _all[late.Id.Index] = late;
            return true;
        }

        _all.Add(late);
        WarnOfTokio(late);
        return true;
    }

    /// <summary>Places that a process could have now.</summary>
    public int FreePlaces => Places - _all.Count(t => !t.IsSettled);

    private int? FreePlace()
    {
        for (int place = 0; place < Places; place++)
        {
            if (!_all.Exists(t => !t.IsSettled && t.Place == place))
                return place;
        }

        return null;
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
        if (count > 0 && target.Numbers.OfFile(file.Key, count) is { } known)
        {
            target.Add(file, known);
            return true;
        }

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
        target.ToNs = AgentClock.NowNs;
        target.Probes.Detach();
        if (!Follows || ++_ended <= MaxTold)
            warn(why);
    }

    /// <summary>It is there and is no longer wanted. Its place stays its own as long as it lives.</summary>
    public static void LetGo(TargetProcess target)
    {
        target.Gone = true;
        target.ToNs = AgentClock.NowNs;
        target.Probes.Detach();
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
