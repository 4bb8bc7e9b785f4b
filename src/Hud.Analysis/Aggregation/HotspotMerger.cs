using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis;

/// <summary>Merges raw hotspots (by stack) into ranked ones (by what the stacks mean).</summary>
/// <param name="exact">Of which stacks the exact names are used: all in the report, those known so far in the live view.</param>
internal sealed class HotspotMerger(
    StackAttributor attributor,
    IReadOnlyList<TaskTypeFacts> types,
    double workerNs,
    Func<StackId, bool> exact
)
{
    private sealed class Group
    {
        public required Attribution Attribution { get; init; }
        public required HotspotIdentity Identity { get; init; }
        public DurationSet Durations { get; } = new();
        public Dictionary<StackId, long> Stacks { get; } = [];
        public Dictionary<StackId, long> Holders { get; } = [];
        public Dictionary<string, long> Tasks { get; } = new(StringComparer.Ordinal);
        public Dictionary<(string Name, int Pid), long> Culprits { get; } = [];
        public HashSet<TargetId> Targets { get; } = [];
        public string Syscall { get; init; } = "";
        public bool Estimated { get; set; }
        public long Before { get; set; }
        public long NotReturned { get; set; }

        /// <summary>Its times, not its stacks: the stack that is shown stays a specific one.</summary>
        public void Take(Group other)
        {
            Durations.Add(other.Durations);
            Targets.UnionWith(other.Targets);
            Estimated |= other.Estimated;
            Before += other.Before;
            NotReturned += other.NotReturned;
            foreach (var (task, ns) in other.Tasks)
                HotspotMerger.Add(Tasks, task, ns);
        }
    }

    private readonly Dictionary<HotspotIdentity, Group> _groups = [];
    private readonly Dictionary<RawKey, HotspotIdentity> _groupOf = [];
    private readonly Dictionary<HotspotIdentity, HotspotIdentity> _exactGroups = [];

    /// <param name="scale">Per type: slow polls counted by the kernel over those recorded; 1 when none were left out.</param>
    /// <param name="table">Stack -> index in the document's stack table; filled here.</param>
    /// <param name="indexOf">Raw hotspot -> index of its finding; -1 when it is below the cut.</param>
    public List<Hotspot> Merge(
        IReadOnlyDictionary<RawKey, RawHotspot> raw,
        Func<TaskTypeId, double> scale,
        bool estimated,
        int most,
        StackTableBuilder table,
        out Dictionary<RawKey, int> indexOf
    )
    {
        LearnExactGroups(raw);
        foreach (
            var (key, value) in raw.Where(p => !Borrows(p.Key))
                .OrderByDescending(p => IsExact(p.Key))
                .ThenBy(p => p.Key.Stack.Number)
                .ThenBy(p => p.Key.Type.Number)
        )
            Put(key, value, key.Stack, estimated || scale(key.Type) > 1.001);
        // polls too short for the clock to catch, or whose switch was missed: counted with the most expensive finding of their own type
        foreach (
            var (key, value) in raw.Where(p => Borrows(p.Key)).OrderBy(p => p.Key.Type.Number).ThenBy(p => p.Key.Cause)
        )
        {
            var lender = raw.Where(p =>
                    !Borrows(p.Key) && p.Key.Cause == key.Cause && p.Key.Type == key.Type && p.Key.Target == key.Target
                )
                .OrderByDescending(p => p.Value.Durations.TotalNs)
                .ThenBy(p => p.Key.Stack.Number)
                .Select(p => (RawKey?)p.Key)
                .FirstOrDefault();
            Put(lender is null ? key : lender.Value, value, lender?.Stack ?? StackId.None, estimated: true);
            _groupOf[key] = GroupOf((lender ?? key) with { Stack = lender?.Stack ?? StackId.None }, out _);
        }

        FoldCommonplace();
        var ranked = _groups
            .OrderByDescending(g => Lost(g.Value))
            .ThenBy(g => g.Key.Cause)
            .ThenBy(g => g.Key.Fingerprint, StringComparer.Ordinal)
            .ToList();
        var place = ranked.Take(most).Select((g, i) => (g.Key, i)).ToDictionary(p => p.Key, p => p.i);
        indexOf = _groupOf.ToDictionary(p => p.Key, p => place.GetValueOrDefault(p.Value, -1));
        return [.. ranked.Take(most).Select((g, i) => Finding(g.Value, i + 1, scale, table))];
    }

    private static bool Borrows(RawKey key) =>
        key.Stack.IsNone && key.Cause is (HotspotCause.OnCpu or HotspotCause.BlockingCall);

    public int GroupCount => _groups.Count;

    /// <summary>Waiting for a CPU loses time too, but never ranks above code that blocks.</summary>
    private static double Lost(Group group) =>
        group.Identity.Cause.IsCpuPressure() ? group.Durations.TotalNs * 1e-9 : group.Durations.TotalNs;

    private bool IsExact(in RawKey key) => !key.Stack.IsNone && exact(key.Stack);

    private Attribution Attribute(in RawKey key, bool exactly) =>
        attributor.Attribute(key.Stack, key.Cause, key.Syscall, types[key.Type.Number].Name, exactly);

    /// <summary>
    /// In the live view some stacks of one piece of code are named exactly and others not yet. Those follow the most expensive that is,
    /// so that the code is one finding all the time.
    /// </summary>
    private void LearnExactGroups(IReadOnlyDictionary<RawKey, RawHotspot> raw)
    {
        if (raw.Keys.All(key => key.Stack.IsNone || IsExact(key)))
            return;
        foreach (
            var (key, _) in raw.Where(p => IsExact(p.Key))
                .OrderByDescending(p => p.Value.Durations.TotalNs)
                .ThenBy(p => p.Key.Stack.Number)
        )
            _exactGroups.TryAdd(Attribute(key, exactly: false).Identity, Attribute(key, exactly: true).Identity);
    }

    private HotspotIdentity GroupOf(in RawKey key, out Attribution attribution)
    {
        bool exactly = IsExact(key);
        attribution = Attribute(key, exactly);
        return !exactly && _exactGroups.TryGetValue(attribution.Identity, out var known) ? known : attribution.Identity;
    }

    private void Put(RawKey key, RawHotspot value, StackId stack, bool estimated)
    {
        string task = types[key.Type.Number].Name;
        var identity = GroupOf(key with { Stack = stack }, out var attribution);
        if (!_groups.TryGetValue(identity, out var group))
            _groups[identity] = group = new Group
            {
                Attribution = attribution,
                Identity = identity,
                Syscall = key.Syscall,
            };
        _groupOf[key] = identity;
        group.Durations.Add(value.Durations);
        group.Targets.Add(key.Target);
        group.Estimated |= estimated;
        group.Before += value.Before;
        group.NotReturned += value.NotReturned;
        Add(group.Tasks, task, value.Durations.TotalNs);
        if (!stack.IsNone && (identity == attribution.Identity || group.Stacks.Count == 0))
            Add(group.Stacks, stack, value.Durations.TotalNs);
        if (!key.Holder.IsNone)
            Add(group.Holders, key.Holder, value.Durations.TotalNs);
        foreach (var (who, ns) in value.Culprits)
            Add(group.Culprits, who, ns);
    }

    /// <summary>
    /// A sample of hashing may fall into a copy of memory, or into the loop around it: that is the same work, and a finding
    /// of its own would only repeat it. Where the commonplace part is not small it stays, as the code then does both.
    /// </summary>
    private void FoldCommonplace()
    {
        foreach (
            var path in _groups
                .Where(g => g.Value.Attribution is { Identity.Cause: HotspotCause.OnCpu, Path.Length: > 0 })
                .GroupBy(g => g.Value.Attribution.Path, StringComparer.Ordinal)
                .ToList()
        )
        {
            var specific = path.Where(g => !Advisor.IsCommonplace(g.Value.Attribution.Category))
                .OrderByDescending(g => Lost(g.Value))
                .ThenBy(g => g.Key.Fingerprint, StringComparer.Ordinal)
                .FirstOrDefault();
            if (specific.Value is null)
                continue;
            double small = Lost(specific.Value) / 4;
            foreach (
                var (identity, part) in path.Where(g =>
                    Advisor.IsCommonplace(g.Value.Attribution.Category) && Lost(g.Value) <= small
                )
            )
            {
                specific.Value.Take(part);
                _groups.Remove(identity);
                foreach (var key in _groupOf.Where(p => p.Value == identity).Select(p => p.Key).ToList())
                    _groupOf[key] = specific.Key;
            }
        }
    }

    private Hotspot Finding(Group group, int rank, Func<TaskTypeId, double> scale, StackTableBuilder table)
    {
        StackId stack = Top(group.Stacks),
            holder = Top(group.Holders);
        // the words must belong to the stack that is shown
        var attribution = stack.IsNone
            ? group.Attribution
            : attributor.Attribute(stack, group.Identity.Cause, group.Syscall, Top(group.Tasks), exact(stack));
        double factor = 1;
        if (group.Estimated)
            factor = Math.Max(
                1,
                group.Tasks.Keys.Max(name =>
                    Enumerable
                        .Range(0, types.Count)
                        .Where(t => types[t].Name == name)
                        .Select(t => scale(new TaskTypeId(t)))
                        .DefaultIfEmpty(1)
                        .Max()
                )
            );
        long total = (long)(group.Durations.TotalNs * factor);
        double culprits = group.Culprits.Values.Sum();
        int stackIndex = table.Add(stack, group.Identity.Cause.IsCpuPressure() ? -1 : attribution.Blamed),
            holderIndex = table.Add(holder, -1);
        return new Hotspot
        {
            Rank = rank,
            Cause = group.Identity.Cause,
            Category = attribution.Category,
            Function = attribution.Function,
            UserFrame = attribution.UserFrame,
            Location = attribution.Location,
            Task = Top(group.Tasks),
            Syscall = group.Syscall,
            Count = (long)Math.Round(group.Durations.Count * factor),
            TotalNs = total,
            P50Ns = group.Durations.Percentile(50),
            P99Ns = group.Durations.Percentile(99),
            MaxNs = group.Durations.MaxNs,
            Percent = workerNs > 0 ? Math.Round(Math.Min(100, total * 100 / workerNs), 2) : 0,
            Estimated = group.Estimated,
            BeganBefore = group.Before,
            NotReturned = group.NotReturned,
            Advice = attribution.Advice,
            DocsSlug = attribution.DocsSlug,
            Stack = table.Lines(stackIndex),
            StackIndex = stackIndex,
            HolderStack = table.Lines(holderIndex),
            HolderStackIndex = holderIndex,
            PreemptedBy =
            [
                .. group
                    .Culprits.OrderByDescending(c => c.Value)
                    .ThenBy(c => c.Key.Pid)
                    .Take(5)
                    .Select(c => new Culprit(
                        c.Key.Name,
                        c.Key.Pid,
                        Math.Round(c.Value * 100 / Math.Max(1, culprits), 1)
                    )),
            ],
            Fingerprint = group.Identity.Fingerprint,
            Histogram = group.Durations.Histogram,
            Target = group.Targets.Count == 1 ? group.Targets.Single().Index : -1,
        };
    }

    private static void Add<T>(Dictionary<T, long> sums, T key, long ns)
        where T : notnull => sums[key] = sums.GetValueOrDefault(key) + ns;

    private static StackId Top(Dictionary<StackId, long> sums) =>
        sums.OrderByDescending(p => p.Value).ThenBy(p => p.Key.Number).FirstOrDefault().Key;

    private static string Top(Dictionary<string, long> sums) =>
        sums.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal).FirstOrDefault().Key ?? "";
}

/// <summary>The document's stack table: each stack once, named.</summary>
internal sealed class StackTableBuilder(StackStore stacks, StackAttributor attributor, Func<StackId, bool> exact)
{
    private readonly Dictionary<StackId, int> _index = [];
    private readonly List<StackEntry> _entries = [];

    public IReadOnlyList<StackEntry> Entries => _entries;

    /// <summary>Over the stacks of the table, each once.</summary>
    public NamedShare Names { get; } = new();

    public int Add(StackId stack, int blamed)
    {
        if (stack.IsNone)
            return -1;
        if (_index.TryGetValue(stack, out int index))
            return index;
        var frames = attributor.Frames(stack, exact(stack));
        Names.Add(frames);
        _index[stack] = index = _entries.Count;
        _entries.Add(
            new StackEntry
            {
                Frames =
                [
                    .. frames.Select(
                        (f, i) =>
                            new ProfileFrame
                            {
                                Function = f.Function,
                                Location = f.Location,
                                Module = f.Module,
                                Kind = f.Kind,
                                Inlined = f.Inlined,
                                Blamed = i == blamed,
                            }
                    ),
                ],
                Quality = stacks[stack].Quality.ToString(),
                Stop = stacks[stack].Stop.ToString(),
            }
        );
        return index;
    }

    public IReadOnlyList<string> Lines(int index) =>
        index < 0
            ? []
            :
            [
                .. _entries[index]
                    .Frames.Select(f => f.Location.Length > 0 ? $"{f.Function} ({f.Location})" : f.Function),
            ];
}
