using Hud.Elf;

namespace Hud.Tokio;

/// <summary>Where the pointer to the task's header is when a breakpoint is hit.</summary>
/// <param name="Register">Number in DWARF; of x86-64 (System V ABI AMD64, figure 3.36). Not used for one on the stack.</param>
/// <param name="StackOffset">From the stack pointer; null while it is in a register.</param>
public readonly record struct HeaderPlace(int Register, int? StackOffset = null);

/// <summary>
/// A place that every wake of a scheduler's tasks passes: within <c>raw::schedule::&lt;S&gt;</c>, slot 1 of the vtable, or where that
/// leads to. Tokio calls it once for each wake that puts an idle task into a queue; further wakes until its poll, and wakes during
/// its poll, only set a bit of the task.
/// </summary>
/// <param name="Address">ELF address of the breakpoint.</param>
/// <param name="FileOffset">The same as an offset in the file.</param>
/// <param name="Schedule">The vtable slot that leads here; 0 when several do.</param>
public sealed record WakeSite(ulong Address, ulong FileOffset, HeaderPlace Header, ulong Schedule) : IProbedCode
{
    public string Name => "a wake";

    /// <summary>The bytes at the site, by which it was chosen.</summary>
    public byte[] Code { get; init; } = [];

    /// <summary>Which of the process's files it lies in, where several have Tokio.</summary>
    public int File { get; init; }
}

/// <summary>Code that a breakpoint was chosen for: it has to be the same when the breakpoint is put on.</summary>
public interface IProbedCode
{
    string Name { get; }

    ulong FileOffset { get; }

    byte[] Code { get; }
}

/// <summary>The places of all wakes of a file, and the slots for which there is none.</summary>
/// <param name="Unseen">Values of slot 1 whose code has no place that can be probed.</param>
public sealed record WakeSites(IReadOnlyList<WakeSite> Sites, IReadOnlySet<ulong> Unseen)
{
    public static WakeSites None { get; } = new([], new HashSet<ulong>());

    public static WakeSites Find(ElfFile elf, IEnumerable<TaskVtable> timed)
    {
        ArgumentNullException.ThrowIfNull(elf);
        var walker = new ScheduleWalker(elf);
        var sites = new Dictionary<ulong, WakeSite>();
        var unseen = new HashSet<ulong>();
        foreach (ulong schedule in timed.Select(v => v.Schedule).Distinct())
        {
            if (walker.Find(schedule) is not { } site)
                unseen.Add(schedule);
            else if (!sites.TryGetValue(site.Address, out var known))
                sites.Add(site.Address, site);
            else if (known.Header == site.Header)
                sites[site.Address] = known with { Schedule = 0 };
            else
                unseen.Add(schedule);
        }

        return new WakeSites([.. sites.Values], unseen);
    }
}
