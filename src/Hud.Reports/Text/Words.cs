using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>The same words for the same things in the report, the cockpit and the page.</summary>
public static class Words
{
    /// <summary>What a worker did in a slow poll; the same words on the terminal, on the page and in `describe`.</summary>
    public static string Cause(HotspotCause cause) =>
        cause switch
        {
            HotspotCause.OnCpu => "computing",
            HotspotCause.BlockingCall => "asleep in a call",
            HotspotCause.LockWait => "asleep on a lock",
            HotspotCause.RunQueue => "waiting for a CPU",
            HotspotCause.Throttled => "over the CPU limit",
            _ => "cause not known",
        };

    /// <summary>The sign of a cause in the cockpit's table, where there is no room for its words.</summary>
    public static string ShortCause(HotspotCause cause) =>
        cause switch
        {
            HotspotCause.OnCpu => "CPU",
            HotspotCause.BlockingCall => "CALL",
            HotspotCause.LockWait => "LOCK",
            HotspotCause.RunQueue => "QUEUE",
            HotspotCause.Throttled => "QUOTA",
            _ => "?",
        };

    public static string Verdict(VerdictLevel level) =>
        level switch
        {
            VerdictLevel.Blocked => "BLOCKED",
            VerdictLevel.Saturated => "SATURATED",
            VerdictLevel.Pressure => "PRESSURE",
            VerdictLevel.Healthy => "HEALTHY",
            _ => "NO DATA",
        };

    /// <summary>A reason of a status in words: <c>NoTokioRuntime</c> is "no Tokio runtime".</summary>
    public static string OfReason(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        var words = new System.Text.StringBuilder();
        foreach (char c in reason)
        {
            if (char.IsAsciiLetterUpper(c) && words.Length > 0)
                words.Append(' ');
            words.Append(char.ToLowerInvariant(c));
        }

        return words
            .ToString()
            .Replace("tokio", "Tokio", StringComparison.Ordinal)
            .Replace("cpu", "CPU", StringComparison.Ordinal);
    }

    /// <summary>Why walking a stack ended early, by the name that the report counts it under.</summary>
    public static string StackEnd(string reason) =>
        reason switch
        {
            "EndOfCapture" => "stack longer than what is captured",
            "FrameLimit" => "more frames than are kept",
            "NoModule" => "code in no file (generated while running)",
            "NoRows" => "function without unwind table",
            "UnsupportedRule" => "unwind rule not supported",
            "MissingValue" => "unwind rule needs a value that was not captured",
            "FrameOutsideStack" => "another stack (a coroutine)",
            "NoProgress" => "stack went in circles",
            "BadReturnAddress" => "return address is not code",
            "NoStack" => "no stack captured",
            _ => reason,
        };

    public static Ink VerdictInk(VerdictLevel level) =>
        level switch
        {
            VerdictLevel.Blocked => Ink.Bad,
            VerdictLevel.Pressure or VerdictLevel.Saturated => Ink.Warn,
            VerdictLevel.Healthy => Ink.Good,
            _ => Ink.Warn,
        };

    public static string Level(int level) =>
        level switch
        {
            0 => "every poll timed",
            1 => "polls sampled",
            2 => "hottest task types not timed",
            3 => "no poll probes, scheduler events and samples only",
            _ => $"level {level}",
        };

    /// <summary>The code to change, or the best that is known of it.</summary>
    public static string Blamed(Hotspot h) => FirstOf(h.UserFrame, h.Function, h.Task, "(unknown)");

    /// <summary>Of the last while of a run that went on: <c>the 2m10s before 03:14:07 UTC</c>. Null for a whole run.</summary>
    public static string? LookBack(ProfileDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        if (document.LookBack is null)
            return null;
        var (start, ns) = (document.Summary.StartedAt.UtcDateTime, Math.Max(0, document.Summary.ObservedNs));
        // a report is a file that anybody may have written
        var end = start.AddTicks(Math.Min(ns / 100, (DateTime.MaxValue - start).Ticks));
        return $"the {HumanText.Duration(ns)} before {end:HH:mm:ss} UTC";
    }

    /// <summary>The verdict, and of which time where that is not the whole run.</summary>
    public static string Headline(ProfileDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        string verdict = document.Verdict.Length > 0 ? document.Verdict : Verdict(document.VerdictLevel);
        return LookBack(document) is { } span ? $"{char.ToUpperInvariant(span[0])}{span[1..]}: {verdict}" : verdict;
    }

    /// <summary>That polls of a hotspot are known in part only: their beginning or their end lies outside of the run.</summary>
    /// <param name="live">The run goes on: what has not returned yet may still do so.</param>
    /// <param name="lookBack">Not the run, but the last while of it.</param>
    public static string Marker(Hotspot h, bool live = false, bool lookBack = false)
    {
        var parts = new List<string>(2);
        if (h.BeganBefore > 0)
            parts.Add(
                Some(h.BeganBefore, h.Count)
                    + (lookBack ? "since before this look-back begins" : "since before Hud attached")
            );
        if (h.NotReturned > 0)
            parts.Add(
                Some(h.NotReturned, h.Count)
                    + (
                        live ? "not returned yet"
                        : lookBack ? "had not returned at its end"
                        : "had not returned when the run ended"
                    )
            );
        return string.Join(", ", parts);
    }

    private static string Some(long part, long all) => part >= all ? "" : $"{Number(part)} of them ";

    /// <summary><c>1,203,311</c>: for prose, where there is room for every digit.</summary>
    public static string Number(long n) => $"{n:#,0}";

    public static string Plural(long n, string one, string? many = null) =>
        $"{Number(n)} {(n == 1 ? one : many ?? one + "s")}";

    private static string FirstOf(params string[] texts) => texts.First(t => t.Length > 0);
}
