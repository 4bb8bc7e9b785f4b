namespace Hud.NodeAgent.Bpf;

/// <summary>The support ladder, best first.</summary>
internal enum Rung
{
    /// <summary>uprobe.session, Linux 6.13: one program for entry and return, the return can be skipped.</summary>
    Session,

    /// <summary>A pair of uprobe.multi links, Linux 6.6.</summary>
    Multi,

    /// <summary>A perf uprobe and uretprobe for each function, Linux 5.15 (cookies).</summary>
    Perf,

    /// <summary>No poll probes: scheduler events and samples only, Linux 5.15 (the registers of a task).</summary>
    SchedOnly,
}

internal static class Rungs
{
    private static readonly (Rung Rung, string Name)[] Names =
    [
        (Rung.Session, "uprobe.session"),
        (Rung.Multi, "uprobe.multi"),
        (Rung.Perf, "perf-uprobe"),
        (Rung.SchedOnly, "sched-only"),
    ];

    public static IEnumerable<Rung> All => Names.Select(n => n.Rung);

    public static string Name(this Rung rung) => Names.First(n => n.Rung == rung).Name;

    public static bool TryParse(string name, out Rung rung)
    {
        foreach (var (value, text) in Names)
        {
            if (text == name)
            {
                rung = value;
                return true;
            }
        }

        rung = default;
        return false;
    }

    /// <summary>Programs of this rung, besides those of the scheduler and the sampler.</summary>
    public static string[] PollPrograms(this Rung rung) =>
        rung switch
        {
            Rung.Session => ["hud_poll_session", "hud_poll_skip"],
            Rung.Multi or Rung.Perf => ["hud_poll_entry", "hud_poll_return"],
            _ => [],
        };
}
