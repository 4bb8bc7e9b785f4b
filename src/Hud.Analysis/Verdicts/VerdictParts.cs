using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>The words of each verdict. What identifies the code is kept longest when a sentence has to be cut.</summary>
internal static class VerdictParts
{
    private const int LeastName = 24;

    public static string Blocked(ProfileDocument document, Hotspot worst, string rest, int most)
    {
        string about = document.Summary.Estimated ? "about " : "";
        string head =
            $"BLOCKED {about}{HumanText.Percent(document.Summary.BlockedPercent)} of worker time{On(document)}; worst: ";
        string figures = Figures(worst);
        string suffered = WaitsVerdict.Suffered(document, worst) is { } waits ? $"; {waits}" : "";
        // where the code is comes before who suffered from it
        bool fits = head.Length + UserAndFile(worst).Length + figures.Length + suffered.Length + rest.Length <= most;
        return WithPlace(head, worst, $"{figures}{(fits ? suffered : "")}{rest}", most);
    }

    public static string Pressure(ProfileDocument document, Hotspot? blocker, double percent, int most)
    {
        var hotspots = document.Hotspots.Where(h => h.Cause.IsCpuPressure()).ToList();
        long throttled = hotspots.Where(h => h.Cause == HotspotCause.Throttled).Sum(h => h.TotalNs);
        long queued = hotspots.Where(h => h.Cause == HotspotCause.RunQueue).Sum(h => h.TotalNs);
        string by = hotspots.SelectMany(h => h.PreemptedBy).FirstOrDefault()?.Name ?? "";
        string share = HumanText.Percent(percent);
        string what =
            throttled >= queued
                ? $"were throttled by the CPU limit for {HumanText.Duration(throttled)} ({share})"
                : $"waited {HumanText.Duration(queued)} ({share}) for a CPU{(by.Length > 0 ? $", mostly for {by}" : "")}";
        string head = $"PRESSURE: workers{On(document)} {what}; ";
        return blocker is null
            ? Cut(head + CpuStarvation.AboutTheCode(document.Targets), most)
            : WithPlace(
                $"{head}{HumanText.Percent(document.Summary.BlockedPercent)} blocked: ",
                blocker,
                $", max {HumanText.Duration(blocker.MaxNs)}",
                most
            );
    }

    public static string Saturated(ProfileDocument document, (int Target, double Percent) busiest, int most)
    {
        var type = document
            .Tasks.Where(t => t.Target == busiest.Target && t.TotalNs > 0)
            .OrderByDescending(t => t.TotalNs)
            .FirstOrDefault();
        string head =
            $"SATURATED: workers {HumanText.Percent(busiest.Percent)} busy in polls under {document.Session.Threshold}";
        string tail = "; run with a lower threshold to see where";
        if (type is null)
            return Cut(head + tail, most);
        string figures = Typical(type, document.Session.Threshold.ToTimeSpan()) is { } typical ? $" ({typical})" : "";
        head += ", most in ";
        return head + Tail(type.Name, most - head.Length - figures.Length - tail.Length) + figures + tail;
    }

    /// <summary>A figure of short polls: the rarest of them may have waited for a CPU, which is not what the line is about.</summary>
    private static string? Typical(TaskProfile type, TimeSpan threshold)
    {
        double most = threshold.TotalNanoseconds;
        return type.P99Ns <= most ? $"p99 {HumanText.Duration(type.P99Ns)}"
            : type.P50Ns <= most ? $"p50 {HumanText.Duration(type.P50Ns)}"
            : null;
    }

    public static string Starved(IReadOnlyList<TargetProfile> starved, IReadOnlyList<TargetProfile> all)
    {
        long wait = starved.Sum(t => t.CpuWaitNs),
            throttled = starved.Sum(t => t.ThrottledNs);
        string what =
            throttled * 2 > wait
                ? $"throttled by the CPU limit for {HumanText.Duration(throttled)}"
                : $"kept waiting {HumanText.Duration(wait)} for a CPU";
        return $"PRESSURE: workers were {what} between polls; {CpuStarvation.AboutTheCode(all)}";
    }

    public static string Unclear(ProfileDocument document, IReadOnlyList<TargetProfile> unclear)
    {
        string of = document.Targets.Count > 1 ? $" from {unclear.Count} of {document.Targets.Count} targets" : "";
        return $"NO DATA{of}: {unclear[0].Message}";
    }

    public static string NoData(ProfileDocument document)
    {
        if (document.Targets.Count <= 1)
        {
            string why = document.Targets.FirstOrDefault()?.Message ?? "";
            return $"NO DATA: {(why.Length > 0 ? why : "nothing was polled: the service was idle")}";
        }

        var reasons = document
            .Targets.Select(t => t.Message.Length > 0 ? t.Message : t.Reason)
            .Where(r => r.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .Take(3);
        string all = string.Join(", ", reasons);
        return $"NO DATA from {document.Targets.Count} targets{(all.Length > 0 ? ": " + all : "")}";
    }

    public static string Healthy(ProfileDocument document, double pressure)
    {
        var summary = document.Summary;
        string head =
            $"HEALTHY: {HumanText.Count(summary.Polls)} polls{On(document)}, the longest {HumanText.Duration(summary.LongestPollNs)}";
        return summary.SlowPolls == 0
            ? $"{head}, none over {document.Session.Threshold}"
            : $"{head}; {HumanText.Count(summary.SlowPolls)} over {document.Session.Threshold} only by waiting for a CPU ({HumanText.Percent(pressure)})";
    }

    /// <summary>The runtime whose workers were in polls for the largest share of the run, in percent; 0 for none.</summary>
    public static (int Target, double Percent) BusiestRuntime(ProfileDocument document)
    {
        double observed = document.Summary.ObservedNs;
        return observed <= 0
            ? default
            : document
                .Workers.GroupBy(w => (w.Target, w.Runtime))
                .Select(g =>
                    (g.Key.Target, Percent: Math.Min(100, g.Sum(w => w.BusyNs) * 100.0 / (observed * g.Count())))
                )
                .OrderByDescending(g => g.Percent)
                .FirstOrDefault();
    }

    public static string Cut(string text, int most) =>
        text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 3), "...");

    private static string Figures(Hotspot hotspot) =>
        $", {HumanText.Percent(hotspot.Percent)}, max {HumanText.Duration(hotspot.MaxNs)}";

    private static string User(Hotspot hotspot) => hotspot.UserFrame.Length > 0 ? hotspot.UserFrame : hotspot.Function;

    private static string File(Hotspot hotspot) =>
        hotspot.Location.Length > 0 ? $" ({hotspot.Location[(hotspot.Location.LastIndexOf('/') + 1)..]})" : "";

    private static string UserAndFile(Hotspot hotspot) => User(hotspot) + File(hotspot);

    /// <summary>The user's own function first, then where it is, then what it called: dropped in the opposite order.</summary>
    private static string WithPlace(string head, Hotspot hotspot, string figures, int most)
    {
        string user = User(hotspot);
        string called = hotspot.Function != user ? $" in {hotspot.Function}" : "";
        string at = hotspot.Location.Length > 0 ? $" ({hotspot.Location})" : "";
        string file = File(hotspot);
        int room = most - head.Length - figures.Length;
        foreach (string place in (string[])[$"{user}{at}{called}", $"{user}{at}", $"{user}{file}"])
        {
            if (place.Length <= room)
                return head + place + figures;
        }

        if (room - file.Length >= LeastName)
            return head + Tail(user, room - file.Length) + file + figures;
        return Cut(head + Tail(user, Math.Max(room, LeastName)) + figures, most);
    }

    /// <summary>The end of a path says most.</summary>
    private static string Tail(string name, int most) =>
        name.Length <= most ? name
        : most <= 3 ? ""
        : string.Concat("...", name.AsSpan(name.Length - most + 3));

    private static string On(ProfileDocument document)
    {
        int all = document.Targets.Count;
        int measured = document.Targets.Count(t => t.State == TargetState.Succeeded || t.Polls > 0);
        return all <= 1 ? ""
            : measured == all ? $" on {all} targets"
            : $" on {measured} of {all} targets";
    }
}
