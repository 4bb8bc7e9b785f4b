using Hud.Analysis;

namespace Hud.Reports.Text;

/// <summary>Two runs side by side: the verdict, then each hotspot with its share before and after.</summary>
public static class DiffText
{
    private const int MaxHotspots = 20;
    private const int MaxWaits = 10;

    public static string Render(ProfileDiff diff, int width, bool color)
    {
        var sheet = new TextSheet(width, color);
        var ink = diff.Outcome switch
        {
            DiffOutcome.Better => Ink.Good,
            DiffOutcome.Worse => Ink.Bad,
            _ => Ink.Warn,
        };
        sheet.Paragraph(Printable.Clean(diff.Verdict), 2, ink, "# ", ink);
        sheet.Line();
        sheet.Line($"  {"", -16}{"before", 12}{"after", 12}", Ink.Dim);
        Figure(
            sheet,
            "worker time lost",
            HumanText.Percent(diff.Before.BlockedPercent),
            HumanText.Percent(diff.After.BlockedPercent)
        );
        Figure(
            sheet,
            "worst poll",
            HumanText.Duration(diff.Before.WorstPollNs),
            HumanText.Duration(diff.After.WorstPollNs)
        );
        Figure(
            sheet,
            "slow polls/min",
            $"{diff.Before.SlowPollsPerMinute:0.#}",
            $"{diff.After.SlowPollsPerMinute:0.#}"
        );
        Figure(sheet, "stalls/min", $"{diff.Before.StallsPerMinute:0.#}", $"{diff.After.StallsPerMinute:0.#}");
        Figure(sheet, "polls/s", $"{diff.Before.PollsPerSecond:0.#}", $"{diff.After.PollsPerSecond:0.#}");
        if (diff.Hotspots.Count > 0)
            sheet.Heading("HOTSPOTS", "by size of the change");
        var apart = HotspotNames.Apart(diff.Hotspots);
        foreach (var (i, h) in diff.Hotspots.Take(MaxHotspots).Index())
        {
            string name = h.UserFrame.Length > 0 ? h.UserFrame : h.Function;
            sheet
                .Add($"  {h.Change.ToString().ToUpperInvariant(), -7}", Tone(h))
                .Add($"{HumanText.Percent(h.BeforePercent), 7} -> {HumanText.Percent(h.AfterPercent), -7}")
                .Add($"{Words.ShortCause(h.Cause), -6}", Ink.Dim)
                .Add(Printable.FitPath(Printable.Clean(name), Math.Max(10, sheet.Left - 20)), Ink.User);
            if (apart[i].Length > 0)
                sheet.Add("  " + Printable.FitEnd(Printable.Clean(apart[i]), Math.Max(8, sheet.Left - 2)), Ink.Dim);
            else if (h.Location.Length > 0)
                sheet.Add(
                    "  " + Printable.FitLocation(Printable.Clean(h.Location), Math.Max(8, sheet.Left - 2)),
                    Ink.Dim
                );
            sheet.End();
        }

        if (diff.Hotspots.Count > MaxHotspots)
            sheet.Line($"  and {Words.Plural(diff.Hotspots.Count - MaxHotspots, "more hotspot")}", Ink.Dim);
        Waits(sheet, diff);
        if (diff.Notes.Count > 0)
            sheet.Heading("READ WITH CARE");
        foreach (string note in diff.Notes)
            sheet.Paragraph(Printable.Clean(note), 2);
        return sheet.ToString();
    }

    /// <summary>Only what changed: a service has dozens of task types, and most wait as they did.</summary>
    private static void Waits(TextSheet sheet, ProfileDiff diff)
    {
        if (diff.Waits.Count == 0)
            return;
        var changed = diff.Waits.Where(w => w.Change != HotspotChange.Same).ToList();
        sheet.Heading("WAITING FOR A WORKER", "p99 of each task type, from its wake to its poll");
        foreach (var w in changed.Take(MaxWaits))
        {
            sheet
                .Add(
                    $"  {w.Change.ToString().ToUpperInvariant(), -7}",
                    w.Change == HotspotChange.Worse ? Ink.Bad : Ink.Good
                )
                .Add($"{HumanText.Duration(w.BeforeP99Ns), 7} -> {HumanText.Duration(w.AfterP99Ns), -7} ");
            sheet.Add(Printable.FitPath(Printable.Clean(w.Task), Math.Max(10, sheet.Left)), Ink.User).End();
        }

        if (changed.Count > MaxWaits)
            sheet.Line($"  and {Words.Plural(changed.Count - MaxWaits, "more task type")}", Ink.Dim);
        int same = diff.Waits.Count - changed.Count;
        if (same > 0)
            sheet.Line(
                $"  no change of {Words.Plural(same, "task type")}{(changed.Count == 0 ? $"; longest p99 {HumanText.Duration(diff.Waits.Max(w => w.BeforeP99Ns))} -> {HumanText.Duration(diff.Waits.Max(w => w.AfterP99Ns))}" : "")}",
                Ink.Dim
            );
    }

    private static void Figure(TextSheet sheet, string name, string before, string after) =>
        sheet.Line($"  {name, -16}{before, 12}{after, 12}");

    private static Ink Tone(HotspotDiff h) =>
        !h.Counts
            ? Ink.Dim
            : h.Change switch
            {
                HotspotChange.New or HotspotChange.Worse => Ink.Bad,
                HotspotChange.Gone or HotspotChange.Better => Ink.Good,
                _ => Ink.Plain,
            };
}
