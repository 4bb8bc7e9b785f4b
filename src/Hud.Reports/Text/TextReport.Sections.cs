using Hud.Analysis;
using Hud.Core.Profile;

namespace Hud.Reports.Text;

public static partial class TextReport
{
    private const int MaxPressure = 5;
    private const int MaxStalls = 5;
    private const int MaxTasks = 8;
    private const int MaxNotes = 3;
    private const int MaxWorkers = 16;
    private const int MaxLatencyGroups = 3;

    /// <summary>Share of a task type's long waits, in percent, from which a hotspot is worth a line.</summary>
    private const double LeastBehind = 5;

    private static void Pressure(TextSheet sheet, ProfileDocument d)
    {
        var hotspots = d.Hotspots.Where(h => h.Cause.IsCpuPressure()).ToList();
        var s = d.Summary;
        if (hotspots.Count == 0 && s.RunQueueNs == 0 && s.ThrottledNs == 0)
            return;
        sheet.Heading("NOT THE CODE'S FAULT", "waiting for a CPU: ready to run, but given none");
        if (s.RunQueueNs > 0)
            sheet.Line(
                $"  waited for a CPU    {HumanText.Duration(s.RunQueueNs)} in slow polls: other programs or threads ran instead"
            );
        if (s.ThrottledNs > 0)
        {
            long periods = d.Targets.Sum(t => t.ThrottledPeriods);
            sheet.Line(
                $"  throttled           {HumanText.Duration(s.ThrottledNs)} by the CPU limit{(periods > 0 ? $", in {Words.Plural(periods, "period")}" : "")}"
            );
        }

        string advice = "";
        foreach (var h in hotspots.Take(MaxPressure))
        {
            sheet
                .Add($"  {Share(h), -7}")
                .Add($"{Words.Cause(h.Cause), -19}", Ink.Warn)
                .Add($"{HumanText.Count(h.Count)}x, max {HumanText.Duration(h.MaxNs)}".PadRight(19))
                .Add(" while in ", Ink.Dim)
                .Add(Printable.FitPath(Printable.Clean(Words.Blamed(h)), Math.Max(10, sheet.Left)))
                .End();
            if (h.PreemptedBy.Count > 0)
                sheet.Line(
                    "         ran instead: "
                        + string.Join(
                            ", ",
                            h.PreemptedBy.Take(4)
                                .Select(c => $"{Printable.Clean(c.Name)} {HumanText.Percent(c.Percent)}")
                        ),
                    Ink.Dim
                );
            // the same for every hotspot of a cause: once is enough
            if (h.Advice.Length > 0 && h.Advice != advice)
                sheet.Paragraph(Printable.Clean(h.Advice), 11, Ink.Plain, "> ", Ink.Good);
            advice = h.Advice;
        }

        if (hotspots.Count > MaxPressure)
            sheet.Line($"    and {hotspots.Count - MaxPressure} smaller ones", Ink.Dim);
    }

    private static void Stalls(TextSheet sheet, ProfileDocument d)
    {
        var s = d.Summary;
        if (s.StallCount == 0)
            return;
        sheet.Heading("STALLS", "every worker of a runtime was in a slow poll: nothing could run");
        sheet.Line(
            $"  {Words.Plural(s.StallCount, "stall")}, {HumanText.Duration(s.TotalStallNs)} in all, longest {HumanText.Duration(s.LongestStallNs)}"
        );
        foreach (var stall in d.Stalls.OrderByDescending(x => x.DurationNs).ThenBy(x => x.StartNs).Take(MaxStalls))
        {
            string runtime = d.Summary.Runtimes > 1 ? $"  runtime {stall.Runtime}" : "";
            sheet.Line(
                $"    {HumanText.Duration(stall.DurationNs), -7} at +{HumanText.Duration(stall.StartNs)}{runtime}",
                Ink.Dim
            );
        }
    }

    private static void Tasks(TextSheet sheet, ProfileDocument d)
    {
        var tasks = d
            .Tasks.Where(t => t.Polls > 0)
            .OrderByDescending(t => t.TotalNs)
            .ThenBy(t => t.Name, StringComparer.Ordinal)
            .ToList();
        if (tasks.Count == 0)
            return;
        sheet.Heading("TASKS", "by time in polls");
        int nameWidth = sheet.Width - 46;
        sheet.Line($"  {"polls", 6} {"slow", 6} {"share", 6} {"p50", 6} {"p99", 6} {"max", 6}  task", Ink.Dim);
        foreach (var t in tasks.Take(MaxTasks))
        {
            string about = t.Estimated ? "~" : "";
            sheet.Line(
                $"  {about + HumanText.Count(t.Polls), 6} {about + HumanText.Count(t.SlowPolls), 6} {HumanText.Percent(t.Percent), 6} {HumanText.Duration(t.P50Ns), 6} "
                    + $"{HumanText.Duration(t.P99Ns), 6} {HumanText.Duration(t.MaxNs), 6}  {Printable.FitPath(Printable.Clean(t.Name), nameWidth)}"
            );
        }

        if (tasks.Count > MaxTasks)
            sheet.Line($"  and {Words.Plural(tasks.Count - MaxTasks, "more task type")}", Ink.Dim);
    }

    private static void Waits(TextSheet sheet, ProfileDocument d)
    {
        var tasks = d.Tasks.ByWait().ToList();
        var notes = d.Targets.Where(t => t.WakesNotTimed.Length > 0 && t.Polls > 0).ToList();
        if (tasks.Count == 0 && notes.Count == 0)
            return;
        sheet.Heading("WAITING FOR A WORKER", "from a task's wake to its poll; longest p99 first");
        if (tasks.Count > 0)
            sheet.Line($"  {"waits", 6} {"p50", 6} {"p99", 6} {"max", 6}  task", Ink.Dim);
        foreach (var t in tasks.Take(MaxTasks))
        {
            var w = t.Waits!;
            sheet.Line(
                $"  {(w.Estimated ? "~" : "") + HumanText.Count(w.Count), 6} {HumanText.Duration(w.P50Ns), 6} {HumanText.Duration(w.P99Ns), 6} {HumanText.Duration(w.MaxNs), 6}  "
                    + Printable.FitPath(Printable.Clean(t.Name), sheet.Width - 32)
            );
            Behind(sheet, w);
        }

        if (tasks.Count > MaxTasks)
            sheet.Line($"  and {Words.Plural(tasks.Count - MaxTasks, "more task type")}", Ink.Dim);
        foreach (var target in notes.Take(MaxNotes))
            sheet.Paragraph(
                $"not every wake of {Printable.Clean(target.Process)} ({target.Pid}) was timed: {Printable.Clean(target.WakesNotTimed)}",
                2,
                Ink.Dim
            );
        if (notes.Count > MaxNotes)
            sheet.Line($"  and {Words.Plural(notes.Count - MaxNotes, "more target")}", Ink.Dim);
    }

    /// <summary>What most of its long waits' time was behind.</summary>
    private static void Behind(TextSheet sheet, TaskWaits waits)
    {
        if (waits.Behind is not [var most, ..] || most.Percent < LeastBehind)
            return;
        string head = $"{HumanText.Percent(Math.Round(most.Percent))} behind ",
            tail = most.Cause.IsCpuPressure() ? " waiting for a CPU" : "";
        string name = most.Function.Length > 0 ? Printable.Clean(most.Function) : "(unknown)";
        sheet.Line(
            new string(' ', 34)
                + head
                + Printable.FitPath(name, Math.Max(10, sheet.Width - 34 - head.Length - tail.Length))
                + tail,
            Ink.Dim
        );
    }

    private static void Workers(TextSheet sheet, ProfileDocument d)
    {
        if (d.Workers.Count == 0)
            return;
        sheet.Heading("WORKERS", "wait = from wakeup to running on a CPU");
        sheet.Line(
            $"  {"tid", 8} {"polls", 6} {"slow", 6} {"busy", 6} {"lost", 6} {"wait p99", 8} {"wait max", 8}  name",
            Ink.Dim
        );
        double observed = Math.Max(1, d.Summary.ObservedNs);
        foreach (var w in d.Workers.OrderByDescending(w => w.LostNs).ThenBy(w => w.Tid).Take(MaxWorkers))
        {
            string runtime = d.Summary.Runtimes > 1 ? $" (runtime {w.Runtime})" : "";
            sheet.Line(
                $"  {w.Tid, 8} {HumanText.Count(w.Polls), 6} {HumanText.Count(w.SlowPolls), 6} {HumanText.Percent(100 * w.BusyNs / observed), 6} {HumanText.Percent(100 * w.LostNs / observed), 6} "
                    + $"{HumanText.Duration(Log2Histogram.Quantile(w.LatencyHistogram, 0.99, w.LatencyMaxNs)), 8} {HumanText.Duration(w.LatencyMaxNs), 8}  {Printable.Clean(w.Name)}{runtime}"
            );
        }

        if (d.Workers.Count > MaxWorkers)
            sheet.Line(
                $"  and {Words.Plural(d.Workers.Count - MaxWorkers, "more worker")}, each with less time lost",
                Ink.Dim
            );
        var groups = d
            .Workers.SelectMany(w => w.LatencyByStack)
            .GroupBy(g => g.Function, StringComparer.Ordinal)
            .Select(g =>
                (Function: g.Key, Count: g.Sum(x => x.Count), Total: g.Sum(x => x.TotalNs), Max: g.Max(x => x.MaxNs))
            )
            .OrderByDescending(g => g.Total)
            .ThenBy(g => g.Function, StringComparer.Ordinal)
            .ToList();
        if (groups.Count == 0)
            return;
        sheet.Line("  long waits, by where the thread was put off its CPU:", Ink.Dim);
        foreach (var (function, count, total, max) in groups.Take(MaxLatencyGroups))
            sheet.Line(
                $"    {HumanText.Count(count) + "x", 6} {HumanText.Duration(total), 7}, max {HumanText.Duration(max), -7} {Printable.FitPath(Printable.Clean(function.Length > 0 ? function : "(unknown)"), sheet.Width - 31)}"
            );
    }

    private static void Lost(TextSheet sheet, ProfileDocument d)
    {
        sheet.Heading("WHAT IS MISSING");
        var present = LossText.All(d.Losses).Where(x => x.Count != 0).ToList();
        if (present.Count == 0)
        {
            sheet.Line(
                d.VerdictLevel == VerdictLevel.NoData
                    ? "  nothing was dropped, but nothing was measured either"
                    : "  nothing: every event was kept",
                Ink.Dim
            );
            return;
        }

        foreach (var (_, count, text) in present)
            sheet.Line($"  {HumanText.Count(count), 7}  {text}");
        if (d.Losses.UnwindStops.Count > 0)
        {
            string stops = string.Join(
                ", ",
                d.Losses.UnwindStops.OrderByDescending(x => x.Value)
                    .ThenBy(x => x.Key, StringComparer.Ordinal)
                    .Take(6)
                    .Select(x => $"{Printable.Clean(Words.StackEnd(x.Key))} {HumanText.Count(x.Value)}")
            );
            sheet.Paragraph("stacks ended early because of: " + stops, 11, Ink.Dim);
        }
    }

    private static void Cost(TextSheet sheet, ProfileDocument d)
    {
        var o = d.Overhead;
        sheet.Heading("WHAT IT COST");
        sheet.Line(
            $"  {HumanText.Percent(o.MeasuredPercent)} of the target's CPU time (budget {HumanText.Percent(o.BudgetPercent)}); {Words.Level(o.Level)}"
        );
        string perPoll = o.CostPerPollNs > 0 ? $", {HumanText.Duration(o.CostPerPollNs)} each" : "",
            hits = Words.Plural(o.ProbeHits, "probe hit"),
            agent = $"agent {HumanText.Duration(o.AgentCpuNs)} CPU, {HumanText.Bytes(o.AgentPeakBytes)} at most";
        if (o.CostPerWakeNs > 0)
        {
            sheet.Line(
                $"  {hits}, {HumanText.Duration(o.CostPerPollNs)} a poll and {HumanText.Duration(o.CostPerWakeNs)} a wake",
                Ink.Dim
            );
            sheet.Line($"  {agent}", Ink.Dim);
        }
        else
        {
            sheet.Line($"  {hits}{perPoll}; {agent}", Ink.Dim);
        }

        // the level it starts at is not a change
        var changes = o.LevelChanges.Where(c => c.AtNs > 0).ToList();
        foreach (var change in changes.Take(6))
        {
            string rate = change.SampleRate > 1 ? $", 1 of {change.SampleRate} polls" : "";
            sheet.Line(
                $"  at +{HumanText.Duration(change.AtNs)}: {Words.Level(change.Level)}{rate} ({Printable.Clean(change.Reason)})",
                Ink.Dim
            );
        }

        if (changes.Count > 6)
            sheet.Line($"  and {Words.Plural(changes.Count - 6, "more change")} of level", Ink.Dim);
        sheet.Line(
            $"  hud {Printable.Clean(d.Agent.Version)}, {Printable.Clean(d.Agent.ProbeMode)}, Linux {Printable.Clean(d.Agent.Kernel)} {Printable.Clean(d.Agent.Machine)}; {d.Summary.SymbolizedPercent}% of frames named",
            Ink.Dim
        );
    }

    private static void Warnings(TextSheet sheet, ProfileDocument d)
    {
        if (d.Warnings.Count == 0)
            return;
        sheet.Heading("WARNINGS");
        foreach (var w in d.Warnings)
        {
            sheet.Paragraph($"{Printable.Clean(w.Id)}: {Printable.Clean(w.Message)}", 2, Ink.Warn);
            if (w.NextStep.Length > 0)
            {
                // lines meant for a file (Cargo.toml) keep their breaks
                foreach (string line in w.NextStep.Split('\n'))
                    sheet.Paragraph(
                        Printable.Clean(line),
                        6,
                        Ink.Plain,
                        line == w.NextStep.Split('\n')[0] ? "> " : "",
                        Ink.Good
                    );
            }
        }
    }
}
