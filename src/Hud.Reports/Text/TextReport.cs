using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>The profile document as text for a terminal: the verdict first, the proof below, then what was lost and what it cost.</summary>
public static partial class TextReport
{
    public const int DefaultWidth = 80;
    private const int MinWidth = 60;
    private const int MaxTargets = 10;
    private const int MaxOutliers = 3;
    private const int MaxHotspots = 10;
    private const int MaxStacks = 3;
    private const int MaxStackLines = 8;

    /// <param name="width">Columns; lines are never longer. Below 60 is taken as 60.</param>
    /// <param name="color">ANSI colours; off for files, pipes and NO_COLOR.</param>
    public static string Render(ProfileDocument document, int width = DefaultWidth, bool color = false)
    {
        var sheet = new TextSheet(Math.Max(MinWidth, width), color);
        Head(sheet, document);
        Verdict(sheet, document);
        Hotspots(sheet, document);
        Pressure(sheet, document);
        Stalls(sheet, document);
        Tasks(sheet, document);
        Waits(sheet, document);
        Workers(sheet, document);
        Lost(sheet, document);
        Cost(sheet, document);
        Warnings(sheet, document);
        return sheet.ToString();
    }

    private static void Head(TextSheet sheet, ProfileDocument d)
    {
        foreach (var target in d.Targets.Take(MaxTargets))
        {
            string where = target.Pod is { Length: > 0 } pod ? $"{pod}/{target.Container}" : target.Process;
            string tokio = target.TokioVersion.Length > 0 ? $"tokio {target.TokioVersion}" : "tokio";
            sheet
                .Add("hud ", Ink.Dim)
                .Add(Printable.Fit(Printable.Clean(where), 40), Ink.Strong)
                .Add(
                    $"  pid {target.Pid}" + (target.Processes > 1 ? $", the last of {target.Processes} processes" : ""),
                    Ink.Dim
                );
            if (target.Workers > 0)
                sheet.Add(
                    $"  {Words.Plural(target.Workers, "worker")}, {Words.Plural(target.Runtimes, "runtime")}, {Printable.Clean(tokio)}",
                    Ink.Dim
                );
            sheet.End();
            if (target.Message.Length > 0 && d.Targets.Count > 1)
                sheet.Paragraph(Printable.Clean(target.Message), 4, Ink.Warn);
        }

        if (d.Targets.Count > MaxTargets)
            sheet.Line(
                $"    and {d.Targets.Count - MaxTargets} more; --export FILE.targets.json has a row for each",
                Ink.Dim
            );
    }

    private static void Verdict(TextSheet sheet, ProfileDocument d)
    {
        var s = d.Summary;
        sheet.Line();
        sheet.Paragraph(
            Printable.Clean(Words.Headline(d)),
            2,
            Words.VerdictInk(d.VerdictLevel),
            "# ",
            Words.VerdictInk(d.VerdictLevel)
        );
        if (Explanation(d) is { } explanation)
            sheet.Paragraph(explanation, 2);
        Siblings(sheet, d);
        sheet.Line();
        string about = s.Estimated ? "about " : "";
        sheet.Line(
            $"  watched {HumanText.Duration(s.ObservedNs)}   {(s.Polls == 0 && s.SlowPolls > 0 ? "polls not counted" : about + Words.Plural(s.Polls, "poll"))}, {Words.Number(s.SlowPolls)} over {HumanText.Duration(d.Session.Threshold.Nanoseconds)}"
                + (s.LongestPollNs > 0 ? $", longest {HumanText.Duration(s.LongestPollNs)}" : "")
        );
        if (s.BlockedPercent > 0 || s.CpuHogNs + s.BlockedNs > 0)
        {
            sheet.Line(
                $"  worker time lost {HumanText.Percent(s.BlockedPercent)}   computing {HumanText.Duration(s.CpuHogNs)}, asleep in calls and locks {HumanText.Duration(s.BlockedNs)}"
            );
        }
    }

    /// <summary>Which replica differs from the others, and which version lost how much.</summary>
    private static void Siblings(TextSheet sheet, ProfileDocument d)
    {
        foreach (var odd in Outliers.Of(d, MaxOutliers))
            sheet.Paragraph(Printable.Clean($"odd one out: {odd.Name}: {odd.Text}"), 4, Ink.Warn);
        if (ImageGroups.Text(ImageGroups.Of(d)) is { } versions)
            sheet.Paragraph(Printable.Clean($"by version: {versions}"), 4);
    }

    /// <summary>Nothing found has several reasons, and they are not the same.</summary>
    private static string? Explanation(ProfileDocument d)
    {
        if (d.Hotspots.Any(h => !h.Cause.IsCpuPressure()))
            return null;
        string reason = d.Targets.Select(t => t.Reason).FirstOrDefault(r => r.Length > 0) ?? "";
        var s = d.Summary;
        if (reason == TargetReasons.NoTokioRuntime)
            return "No data: no Tokio runtime was found in this process, so nothing was measured.";
        if (s.Polls == 0 && s.ObservedNs == 0)
            return "No data: nothing was measured.";
        if (s.Polls == 0 && s.SlowPolls > 0)
            return null;
        if (d.Targets.Any(t => t.Reason == "Starved"))
            return "Starved: the process got hardly any CPU, so this says little about its code. Give it a CPU request, or watch for longer (HUD310).";
        if (d.Targets.Any(t => t.Reason == ProfileBuilder.Unclear))
            return "Not known: Hud could not read the stacks of some worker threads; they may be blocked. See what they do with another tool (gdb -p PID, thread apply all bt), or watch again (HUD202).";
        if (d.Targets.Any(t => t.Reason == ProfileBuilder.LoadedLate))
            return "Not known: a library with a Tokio of its own was loaded during the run, and its tasks were not timed. Run Hud again, now that it is loaded (HUD314).";
        if (s.Polls == 0 && d.Targets.Any(t => t.Reason == "NotTimed"))
            return "Not timed: polls could not be timed here, and none was seen to take long. Short ones may have been many or none.";
        if (s.Polls == 0)
        {
            return s.Workers > 0
                ? "Idle: the runtime polled nothing while it was watched. Send it some load and run again; this says nothing about how it behaves under load."
                : "No data: no poll was seen.";
        }

        return s.SlowPolls == 0
            ? $"Below the threshold: no poll took {HumanText.Duration(d.Session.Threshold.Nanoseconds)} or more. A lower --threshold shows shorter ones (HUD206)."
            : null;
    }

    private static void Hotspots(TextSheet sheet, ProfileDocument d)
    {
        var hotspots = d.Hotspots.Where(h => !h.Cause.IsCpuPressure()).ToList();
        if (hotspots.Count == 0)
            return;
        sheet.Heading("WHAT BLOCKS THE WORKERS", "by worker time lost");
        var apart = HotspotNames.Apart(hotspots);
        foreach (var (hotspot, difference) in hotspots.Zip(apart).Take(MaxHotspots))
            OneHotspot(sheet, d, hotspot, difference, withStack: hotspot.Rank <= MaxStacks);
        long more = hotspots.Count - MaxHotspots + d.Losses.HotspotsCut;
        if (hotspots.Count > MaxHotspots)
            sheet.Line($"    and {more} smaller ones; --export FILE.json keeps them all", Ink.Dim);
    }

    private static void OneHotspot(TextSheet sheet, ProfileDocument d, Hotspot h, string apart, bool withStack)
    {
        string about = h.Estimated ? "~" : "";
        sheet.Line();
        sheet
            .Add($"{h.Rank, 2}  ")
            .Add($"{about + Share(h), -7}", Ink.Bad)
            .Add($"{Words.Cause(h.Cause), -18}", Ink.Strong)
            .Add($"{about}{HumanText.Count(h.Count)}x, {HumanText.Duration(h.TotalNs)}", Ink.Plain)
            .Pad(45)
            .Add(
                $"p50 {HumanText.Duration(h.P50Ns)}  p99 {HumanText.Duration(h.P99Ns)}  max {HumanText.Duration(h.MaxNs)}",
                Ink.Dim
            )
            .End();
        Place(sheet, Words.Blamed(h), h.Location);

        var details = new List<string>();
        if (h.Function.Length > 0 && h.Function != Words.Blamed(h))
            details.Add("in " + Printable.FitPath(Printable.Clean(h.Function), sheet.Width - 8));
        if (h.Syscall.Length > 0)
            details.Add("syscall " + Printable.Clean(h.Syscall));
        if (h.Task.Length > 0 && h.Task != Words.Blamed(h))
            details.Add("task " + Printable.FitPath(Printable.Clean(h.Task), sheet.Width - 10));
        if (apart.Length > 0)
            details.Add("differs by: " + Printable.FitPath(Printable.Clean(apart), sheet.Width - 22));
        foreach (string line in Packed(details, sheet.Width - 4))
            sheet.Line("    " + line, Ink.Dim);
        if (Words.Marker(h, lookBack: d.LookBack is not null) is { Length: > 0 } marker)
            sheet.Paragraph(marker, 4, Ink.Strong);
        if (h.Advice.Length > 0)
            sheet.Paragraph(Printable.Clean(h.Advice), 6, Ink.Plain, "> ", Ink.Good);
        if (withStack)
        {
            StackOf(sheet, d, "stack", h.StackIndex, h.Stack, h.UserFrame);
            StackOf(sheet, d, "held by", h.HolderStackIndex, h.HolderStack, h.UserFrame);
        }
    }

    /// <summary>Never 0 for what took some time.</summary>
    private static string Share(Hotspot h) =>
        h is { Percent: 0, TotalNs: > 0 } ? "<0.01%" : HumanText.Percent(h.Percent);

    /// <summary>The function to look at, with its place at the end of the line or on the next.</summary>
    private static void Place(TextSheet sheet, string function, string location)
    {
        location = Printable.Clean(location);
        string name = Printable.FitPath(Printable.Clean(function), sheet.Width - 4);
        sheet.Add("    ").Add(name, Ink.User);
        if (location.Length > 0 && sheet.Left < Printable.Width(location) + 2)
            sheet.End().Add("      ").Add(Printable.FitLocation(location, sheet.Width - 6), Ink.Dim);
        else if (location.Length > 0)
            sheet.Add("  " + location, Ink.Dim);
        sheet.End();
    }

    private static void StackOf(
        TextSheet sheet,
        ProfileDocument d,
        string title,
        int index,
        IReadOnlyList<string> plain,
        string userFrame
    )
    {
        var frames = index >= 0 && index < d.StackTable.Count ? d.StackTable[index].Frames : [];
        // the runtime's own frames say nothing about the code to change
        var shown = frames
            .Where(f => f.Kind is not (FrameKind.Runtime or FrameKind.Kernel))
            .Select(f => (f.Function, f.Location, User: f.Kind == FrameKind.User))
            .ToList();
        if (shown.Count == 0)
        {
            // text has no kinds: the user's own frames are those of the crate that is to blame
            string crate = FrameText.Crate(userFrame);
            shown =
            [
                .. plain
                    .Select(FrameText.Parse)
                    .Select(f =>
                        (
                            f.Function,
                            f.Location,
                            f.Function == userFrame || FrameText.KindOf(f.Function, crate) == FrameKind.User
                        )
                    ),
            ];
        }

        if (shown.Count == 0)
            return;
        string label = title;
        int last = -1;
        foreach (int at in StackCut.Kept([.. shown.Select(f => f.User)], MaxStackLines))
        {
            Gap(sheet, at - last - 1);
            last = at;
            var (function, location, user) = shown[at];
            string place = Printable.FitLocation(Printable.Clean(location), 30);
            int room = sheet.Width - 14 - (place.Length > 0 ? Printable.Width(place) + 2 : 0);
            sheet
                .Add($"    {label, -8}", Ink.Dim)
                .Add(
                    Printable.FitPath(Printable.Clean(function.Length > 0 ? function : "(unknown)"), room),
                    user ? Ink.User : Ink.Plain
                );
            if (place.Length > 0)
                sheet.Add("  " + place, Ink.Dim);
            sheet.End();
            label = "";
        }

        Gap(sheet, shown.Count - last - 1);
    }

    private static void Gap(TextSheet sheet, int frames)
    {
        if (frames > 0)
            sheet.Line($"            {Words.Plural(frames, "more frame")}", Ink.Dim);
    }

    /// <summary>Joins pieces with " · " into as few lines as hold them.</summary>
    private static List<string> Packed(List<string> pieces, int width)
    {
        var lines = new List<string>();
        foreach (string piece in pieces)
        {
            if (lines.Count > 0 && Printable.Width(lines[^1]) + 3 + Printable.Width(piece) <= width)
                lines[^1] += " · " + piece;
            else
                lines.Add(piece);
        }

        return lines;
    }
}
