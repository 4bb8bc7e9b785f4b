namespace Hud.NodeAgent.Bpf;

/// <summary>How polls are timed: the fallback order, best first.</summary>
internal enum ProbeMode
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

internal static class ProbeModes
{
    private static readonly (ProbeMode ProbeMode, string Name)[] Names =
    [
        (ProbeMode.Session, "uprobe.session"),
        (ProbeMode.Multi, "uprobe.multi"),
        (ProbeMode.Perf, "perf-uprobe"),
        (ProbeMode.SchedOnly, "sched-only"),
    ];

    public static IEnumerable<ProbeMode> All => Names.Select(n => n.ProbeMode);

    public static string Name(this ProbeMode probeMode) => Names.First(n => n.ProbeMode == probeMode).Name;

    public static bool TryParse(string name, out ProbeMode probeMode)
    {
        foreach (var (value, text) in Names)
        {
            if (text == name)
            {
                probeMode = value;
                return true;
            }
        }

        probeMode = default;
        return false;
    }

    /// <summary>Programs of this probe mode, besides those of the scheduler and the sampler.</summary>
    public static string[] PollPrograms(this ProbeMode probeMode) =>
        probeMode switch
        {
            ProbeMode.Session => ["hud_poll_session", "hud_poll_skip", Wake],
            ProbeMode.Multi or ProbeMode.Perf => ["hud_poll_entry", "hud_poll_return", Wake],
            _ => [],
        };

    /// <summary>The program for wakes: an entry alone, whatever the polls have.</summary>
    public const string Wake = "hud_wake";

    /// <summary>How a program of this probe mode is attached: one of the constants of <see cref="UprobeMulti"/>, or 0.</summary>
    public static int AttachType(this ProbeMode probeMode, string program) =>
        probeMode switch
        {
            ProbeMode.Session => program == Wake ? UprobeMulti.AttachTypeMulti : UprobeMulti.AttachTypeSession,
            ProbeMode.Multi => UprobeMulti.AttachTypeMulti,
            _ => 0,
        };
}
