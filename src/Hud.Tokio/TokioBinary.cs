using System.Text;
using Hud.Elf;
using Hud.Symbolization;

namespace Hud.Tokio;

/// <summary>One task type that can be timed: where to probe and how to read its tasks.</summary>
/// <param name="Site">ELF address of the breakpoint.</param>
/// <param name="FileOffset">The same as an offset in the file: what the kernel wants.</param>
/// <param name="Scheduler">Number of its scheduler type within the binary, by order of appearance.</param>
public sealed record TaskType(string Name, ulong Site, ulong FileOffset, TaskVtable Vtable, int Scheduler) : IProbedCode
{
    /// <summary>An ELF address in the function that stands on the stack during a poll: see <see cref="ProbeSite.Body"/>.</summary>
    public ulong Body { get; init; } = Site;

    /// <summary>Of a blocking task: it is the main loop of a worker, by its name.</summary>
    public bool IsWorkerLoop { get; init; }

    /// <summary>The bytes at the site, by which it was chosen.</summary>
    public byte[] Code { get; init; } = [];

    /// <summary>Which of the process's files it lies in, where several have Tokio.</summary>
    public int File { get; init; }

    /// <summary>Wakes of such tasks pass one of <see cref="TokioBinary.Wakes"/>.</summary>
    public bool ShowsWakes { get; init; }
}

/// <summary>What was found in one file, or in all those of a process.</summary>
public sealed record TokioBinary
{
    public IReadOnlyList<TaskType> Types { get; init; } = [];

    /// <summary>Types whose probe site was refused, with the instruction that is to blame.</summary>
    public IReadOnlyList<(TaskType Type, ProbeSite Site)> Refused { get; init; } = [];

    /// <summary>spawn_blocking closures and worker main loops: known, never timed.</summary>
    public int BlockingTypes { get; init; }

    /// <summary>Those of them whose beginning can be probed: a worker that gives its queue away starts one.</summary>
    public IReadOnlyList<TaskType> Pool { get; init; } = [];

    /// <summary>Where wakes of tasks pass.</summary>
    public IReadOnlyList<WakeSite> Wakes { get; init; } = [];

    /// <summary>The beginning of every blocking task can be probed.</summary>
    public bool ShowsHandovers => BlockingTypes > 0 && Pool.Count == BlockingTypes;

    /// <summary>As far as it can be known: <c>1.43</c>, <c>1.40..1.45</c> or empty.</summary>
    public string TokioVersion { get; init; } = "";

    /// <summary>True when the vtable shape was not there (before 1.23) and symbols were used.</summary>
    public bool FromSymbols { get; init; }

    public bool HasTokio => Types.Count + Refused.Count + BlockingTypes > 0;

    /// <summary>
    /// Cheap, for libraries, which rarely have any Tokio: a word of the message that every Tokio since 1.0 has, for what
    /// is called outside of a runtime. A table in a task's shape alone would prove little in a library of another language.
    /// </summary>
    public static bool IsLikelyIn(ElfFile elf) => LoadedBytes.Find(elf, "Tokio"u8, TokioVersions.MaxScan) is not null;

    /// <summary>Several files of one process as one; the types keep their order and know their file by its place in the list.</summary>
    public static TokioBinary Join(IReadOnlyList<TokioBinary> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 1)
            return files[0];
        return new TokioBinary
        {
            Types = [.. files.SelectMany((f, i) => f.Types.Select(t => t with { File = i }))],
            Refused = [.. files.SelectMany((f, i) => f.Refused.Select(r => (r.Type with { File = i }, r.Site)))],
            BlockingTypes = files.Sum(f => f.BlockingTypes),
            Pool = [.. files.SelectMany((f, i) => f.Pool.Select(t => t with { File = i }))],
            Wakes = [.. files.SelectMany((f, i) => f.Wakes.Select(w => w with { File = i }))],
            TokioVersion = string.Join(
                ", ",
                files.Select(f => f.TokioVersion).Where(v => v.Length > 0).Distinct(StringComparer.Ordinal)
            ),
            FromSymbols = files.Any(f => f.FromSymbols),
        };
    }

    public static TokioBinary Discover(ElfFile elf)
    {
        var vtables = VtableScanner.Scan(elf);
        var found = vtables.Count > 0 ? FromVtables(elf, vtables) : FromPollSymbols(elf);
        return found with { TokioVersion = found.HasTokio ? TokioVersions.Find(elf, vtables) : "" };
    }

    private static TokioBinary FromVtables(ElfFile elf, IReadOnlyList<TaskVtable> vtables)
    {
        var types = new List<TaskType>();
        var refused = new List<(TaskType, ProbeSite)>();
        var sites = new HashSet<ulong>();
        var schedulers = new List<ulong>();
        var timed = vtables.Where(v => v.Kind == TaskKind.Async && sites.Add(v.Poll)).ToList();
        var namer = new TaskNamer(elf);
        string[] names = namer.Name(timed);
        var wakes = WakeSites.Find(elf, timed);
        foreach (var (vtable, name) in timed.Zip(names))
        {
            if (!schedulers.Contains(vtable.Schedule))
                schedulers.Add(vtable.Schedule);
            var site = ProbeSite.Check(elf, vtable.Poll);
            if (!elf.TryAddressToFileOffset(site.Address, out ulong offset))
                continue;
            var type = new TaskType(name, site.Address, offset, vtable, schedulers.IndexOf(vtable.Schedule))
            {
                Body = site.Body,
                Code = site.Bytes,
                ShowsWakes = !wakes.Unseen.Contains(vtable.Schedule),
            };
            if (site.Verdict == ProbeSiteVerdict.Cheap)
                types.Add(type);
            else
                refused.Add((type, site));
        }

        return new TokioBinary
        {
            Types = types,
            Refused = refused,
            BlockingTypes = vtables.Where(v => v.Kind == TaskKind.Blocking).DistinctBy(v => v.Poll).Count(),
            Pool = PoolTypes(elf, vtables, sites, namer),
            Wakes = wakes.Sites,
        };
    }

    /// <summary>One starts with its runtime, one takes over in block_in_place; each further call of that has one of its own.</summary>
    private const int WorkerLoops = 2;

    /// <param name="timed">functions that poll tasks: one breakpoint each</param>
    private static List<TaskType> PoolTypes(
        ElfFile elf,
        IReadOnlyList<TaskVtable> vtables,
        HashSet<ulong> timed,
        TaskNamer namer
    )
    {
        var found = new List<TaskType>();
        var blocking = vtables.Where(v => v.Kind == TaskKind.Blocking && timed.Add(v.Poll)).ToList();
        var loops = blocking.Where(v => namer.IsWorkerLoop(v)).Select(v => v.Poll).ToHashSet();
        // of more, some may be closures whose destructor was merged with a loop's: then each is learned by what it does
        if (loops.Count > WorkerLoops)
            loops.Clear();
        foreach (var vtable in blocking)
        {
            var site = ProbeSite.Check(elf, vtable.Poll);
            if (site.Verdict == ProbeSiteVerdict.Cheap && elf.TryAddressToFileOffset(site.Address, out ulong offset))
                found.Add(
                    new TaskType("", site.Address, offset, vtable, 0)
                    {
                        Body = site.Body,
                        Code = site.Bytes,
                        IsWorkerLoop = loops.Contains(vtable.Poll),
                    }
                );
        }

        return found;
    }

    /// <summary>
    /// Before 1.23 the vtable has no offsets that distinguish async from blocking. A v0 symbol names both type arguments;
    /// a legacy symbol names none, and then the type is left out rather than guessed: a worker's main loop would be timed.
    /// </summary>
    private static TokioBinary FromPollSymbols(ElfFile elf)
    {
        var types = new List<TaskType>();
        int blocking = 0;
        foreach (var function in elf.Functions.Functions)
        {
            string raw = elf.Functions.NameOf(function);
            if (
                !raw.Contains("7runtime4task3raw", StringComparison.Ordinal)
                || !raw.Contains("4poll", StringComparison.Ordinal)
            )
                continue;
            string name = Demangler.Demangle(raw);
            string? argument = TaskNamer.TypeArgument(name);
            if (argument is null)
                continue;
            if (name.Contains("BlockingTask", StringComparison.Ordinal))
            {
                blocking++;
                continue;
            }

            var site = ProbeSite.Check(elf, function.Address);
            if (
                site.Verdict == ProbeSiteVerdict.Cheap
                && elf.TryAddressToFileOffset(site.Address, out ulong offset)
                && types.Count < VtableScanner.MaxVtables
            )
                types.Add(
                    new TaskType(TaskNamer.Readable(argument), site.Address, offset, default, 0)
                    {
                        Body = site.Body,
                        Code = site.Bytes,
                    }
                );
        }

        return new TokioBinary
        {
            Types = types,
            BlockingTypes = blocking,
            FromSymbols = true,
        };
    }
}

/// <summary>Tokio's version: from the source paths that panic messages keep, else a range known by the vtables.</summary>
public static class TokioVersions
{
    internal const long MaxScan = 512L << 20;

    public static string Find(ElfFile elf, IReadOnlyList<TaskVtable> vtables)
    {
        // ".../tokio-1.43.1/src/runtime/..." stands in read-only data, stripped or not
        ReadOnlySpan<byte> mark = "/tokio-"u8;
        byte[] buffer = LoadedBytes.Buffer();
        foreach (var (_, count) in LoadedBytes.Pieces(elf, buffer, overlap: 64, MaxScan))
        {
            for (
                var rest = buffer.AsSpan(0, count);
                rest.IndexOf(mark) is >= 0 and int hit;
                rest = rest[(hit + mark.Length)..]
            )
            {
                if (TryVersion(rest[(hit + mark.Length)..], out string version))
                    return version;
            }
        }

        return FromOffsets(vtables);
    }

    private static bool TryVersion(ReadOnlySpan<byte> text, out string version)
    {
        int length = 0;
        while (length < text.Length && length < 16 && (char.IsAsciiDigit((char)text[length]) || text[length] == '.'))
            length++;
        version = Encoding.ASCII.GetString(text[..length]);
        return length >= 5
            && length < text.Length
            && text[length] is (byte)'/' or (byte)'+' or (byte)'-'
            && version.StartsWith("1.", StringComparison.Ordinal)
            && version.Count(c => c == '.') == 2;
    }

    private static string FromOffsets(IReadOnlyList<TaskVtable> vtables)
    {
        foreach (var vtable in vtables)
        {
            if (vtable.TaskIdOffset - vtable.SchedulerOffset == 0)
                return "1.23..1.39";
            if (vtable.TaskIdOffset - vtable.SchedulerOffset >= 16)
                return ">=1.40";
        }

        return vtables.Count > 0 ? ">=1.23" : "<1.23";
    }
}
