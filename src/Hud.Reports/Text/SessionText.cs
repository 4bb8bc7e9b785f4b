using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>Sessions as text: one in detail from its status alone, many as a table of 80 columns.</summary>
public static class SessionText
{
    public static string Describe(ProfilingSession session, int width, bool color)
    {
        var sheet = new TextSheet(width, color);
        var status = session.Status ?? new ProfilingSessionStatus();
        sheet
            .Add(Printable.Clean(session.Metadata.Name), Ink.Strong)
            .Add($"  {status.Phase}", Ink.Dim)
            .Add(status.TargetsReady is { Length: > 0 } ready ? $"  targets {ready}" : "", Ink.Dim)
            .End();
        if (status.Verdict is { Length: > 0 } verdict)
        {
            sheet.Line();
            sheet.Paragraph(Printable.Clean(verdict), 2, Ink.Strong, "# ", Ink.Strong);
        }

        if (status.Summary?.WorstWait is { } wait)
            Wait(sheet, wait);
        foreach (var odd in status.Outliers)
            sheet.Paragraph(Printable.Clean($"odd one out: {odd.Pod}: {odd.Text}"), 4, Ink.Warn);
        if (Versions(status.Images) is { } versions)
            sheet.Paragraph(Printable.Clean($"by version: {versions}"), 4);
        foreach (var t in status.Targets)
        {
            sheet.Line();
            sheet.Line(
                $"  {Printable.Clean(t.Pod)}/{Printable.Clean(t.Container)}  {t.State}{(t.Reason.Length > 0 ? ": " + Words.OfReason(Printable.Clean(t.Reason)) : "")}"
            );
            if (t.Message.Length > 0)
                sheet.Paragraph(Printable.Clean(t.Message), 6, Ink.Dim);
        }

        if (status.TargetCounts.Selected > status.Targets.Count)
        {
            sheet.Line();
            sheet.Line(
                $"  and {status.TargetCounts.Selected - status.Targets.Count} more targets; the result Targets has a row for each",
                Ink.Dim
            );
        }

        var apart = HotspotNames.Apart(status.Hotspots);
        foreach (var (i, h) in status.Hotspots.Take(10).Index())
        {
            bool isPressure = h.Cause.IsCpuPressure();
            if (isPressure && (i == 0 || !status.Hotspots[i - 1].Cause.IsCpuPressure()))
                sheet.Heading("WAITING FOR A CPU", "not the fault of the code shown");
            sheet.Line();
            sheet
                .Add($"{h.Rank, 2}  {HumanText.Percent(h.Percent), -7}")
                .Add($"{Words.Cause(h.Cause), -19}", isPressure ? Ink.Dim : Ink.Strong)
                .Add($"{HumanText.Count(h.Count)}x, {Printable.Clean(h.Total)}")
                .Pad(45)
                .Add(
                    $"p50 {Printable.Clean(h.P50)}  p99 {Printable.Clean(h.P99)}  max {Printable.Clean(h.Max)}",
                    Ink.Dim
                )
                .End();
            sheet
                .Add("    ")
                .Add(
                    Printable.FitPath(Printable.Clean(h.UserFrame.Length > 0 ? h.UserFrame : h.Function), width - 30),
                    isPressure ? Ink.Dim : Ink.User
                )
                .Add("  " + Printable.FitLocation(Printable.Clean(h.Location), 24), Ink.Dim)
                .End();
            if (apart[i].Length > 0)
                sheet.Paragraph("differs by: " + Printable.Clean(apart[i]), 6, Ink.Dim);
            if (h.Advice.Length > 0)
                sheet.Paragraph(Printable.Clean(h.Advice), 6, Ink.Plain, "> ", Ink.Good);
        }

        sheet.Heading("CONDITIONS");
        foreach (var c in status.Conditions)
        {
            sheet.Line($"  {Printable.Clean(c.Type), -18} {Printable.Clean(c.Status), -8} {Printable.Clean(c.Reason)}");
            if (c.Message.Length > 0)
                sheet.Paragraph(Printable.Clean(c.Message), 6, Ink.Dim);
        }

        return sheet.ToString();
    }

    private static string? Versions(IReadOnlyList<StatusImage> images) =>
        ImageGroups.Text([.. images.Select(i => new ImageGroup(i.Version, i.Targets, i.BlockedPercent, 0))]);

    /// <summary>Who suffered from it, in one line: "waited for a worker: p99 62ms, max 140ms; 81% behind auth::hash_password".</summary>
    private static void Wait(TextSheet sheet, StatusWait wait)
    {
        string share = wait.BehindPercent is { } percent ? HumanText.Percent(percent) + " " : "";
        sheet.Add(
            $"  waited for a worker: p99 {Printable.Fit(Printable.Clean(wait.P99), 8)}, max {Printable.Fit(Printable.Clean(wait.Max), 8)}; {(wait.Behind.Length > 0 ? share + "behind " : "")}"
        );
        string name = Printable.Clean(wait.Behind.Length > 0 ? wait.Behind : wait.Task);
        sheet.Add(Printable.FitPath(name, Math.Max(10, sheet.Left)), Ink.User).End();
    }

    public static string Table(IReadOnlyList<ProfilingSession> sessions, bool namespaces, DateTimeOffset now, int width)
    {
        var sheet = new TextSheet(width, color: false);
        if (sessions.Count == 0)
        {
            sheet.Line("no sessions here; make one with: kubectl hud run deploy/NAME");
            return sheet.ToString();
        }

        int names = Math.Clamp(sessions.Max(s => Name(s, namespaces).Length), 4, width - 46);
        sheet.Line($"{"NAME".PadRight(names)}  {"PHASE", -10}  {"TARGETS", -7}  {"LOST", -7}  {"WORST", -7}  AGE");
        foreach (var s in sessions)
        {
            var summary = s.Status?.Summary;
            string age = s.Metadata.CreationTimestamp is { } created ? Age(now - created) : "";
            sheet.Line(
                $"{Printable.FitEnd(Name(s, namespaces), names).PadRight(names)}  {s.Status?.Phase.ToString() ?? "Pending", -10}  {s.Status?.TargetsReady ?? "", -7}  "
                    + $"{(summary is null ? "" : HumanText.Percent(summary.BlockedPercent)), -7}  {Printable.Clean(summary?.WorstPoll ?? ""), -7}  {age}"
            );
        }

        return sheet.ToString();
    }

    private static string Name(ProfilingSession s, bool namespaces) =>
        Printable.Clean(namespaces ? $"{s.Metadata.Namespace}/{s.Metadata.Name}" : s.Metadata.Name);

    internal static string Age(TimeSpan age) =>
        age.TotalDays >= 2 ? $"{(int)age.TotalDays}d"
        : age.TotalHours >= 2 ? $"{(int)age.TotalHours}h"
        : age.TotalMinutes >= 2 ? $"{(int)age.TotalMinutes}m"
        : $"{Math.Max(0, (int)age.TotalSeconds)}s";
}
