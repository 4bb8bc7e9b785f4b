using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>A row for each workload. What has no room in it, which replica differs and what each version lost, goes below its row.</summary>
public static class FleetText
{
    private const int MinWidth = 80;

    /// <summary>From so many columns on there is room for the odd one out and the versions.</summary>
    private const int WideWidth = 140;

    private const int MaxNamespace = 20;

    /// <param name="namespaces">Show the namespace of each.</param>
    /// <param name="width">Columns; lines are never longer. Below 80 is taken as 80.</param>
    public static string Table(IReadOnlyList<FleetRow> rows, bool namespaces, DateTimeOffset now, int width, bool color)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var sheet = new TextSheet(Math.Max(MinWidth, width), color);
        if (rows.Count == 0)
        {
            sheet.Line("no sessions here; make one with: kubectl hud run deploy/NAME");
            return sheet.ToString();
        }

        var layout = Layout.Of(rows, namespaces, sheet.Width);
        if (namespaces)
            sheet.Add("NAMESPACE".PadRight(layout.Namespace)[..layout.Namespace] + "  ", Ink.Dim);
        sheet.Add(
            $"{"WORKLOAD".PadRight(layout.Workload)}  {"PODS", 7}  {"VERDICT", -9}  {"LOST", 6}  {"WORST", 6}  {"WAIT", 6}  {"AGE", 4}",
            Ink.Dim
        );
        if (layout.Image > 0)
            sheet.Add($"  {"IMAGE".PadRight(layout.Image)}", Ink.Dim);
        if (layout.Odd > 0)
            sheet.Add("  ODD ONE OUT", Ink.Dim);
        sheet.End();
        foreach (var row in rows)
            Row(sheet, row, layout, namespaces, now);
        return sheet.ToString();
    }

    private static void Row(TextSheet sheet, FleetRow row, Layout layout, bool namespaces, DateTimeOffset now)
    {
        if (namespaces)
            sheet.Add(Cell(row.Namespace, layout.Namespace) + "  ");
        sheet.Add(Cell(row.Workload, layout.Workload) + "  ", Ink.Strong);
        sheet.Add($"{Short(row.Pods, 7), 7}  ");
        var (verdict, ink) = Verdict(row);
        sheet.Add($"{verdict, -9}  ", ink);
        sheet.Add($"{(row.BlockedPercent is { } lost ? HumanText.Percent(lost) : ""), 6}  ", ink);
        sheet.Add($"{Short(row.WorstPoll, 6), 6}  {Short(row.WaitP99, 6), 6}  ");
        sheet.Add($"{(row.At is { } at ? SessionText.Age(now - at) : ""), 4}", Ink.Dim);
        if (layout.Image > 0)
            sheet.Add("  " + Padded(Printable.Fit(Images(row), layout.Image), layout.Image));
        if (layout.Odd > 0 && row.Outliers.Count > 0)
            sheet.Add("  " + Printable.Fit(Odd(row), layout.Odd), Ink.Warn);
        sheet.End();
        if (layout.Odd > 0)
            return;
        if (row.Outliers.Count > 0)
            sheet.Line("  " + Odd(row), Ink.Warn);
        if (row.Images.Count > 1)
            sheet.Line("  " + Images(row), Ink.Dim);
    }

    private static (string, Ink) Verdict(FleetRow row) =>
        row.Level is { } level ? (Words.Verdict(level), Words.VerdictInk(level))
        : row.Phase == SessionPhase.Failed ? ("FAILED", Ink.Warn)
        : (row.Phase == SessionPhase.Profiling ? "running" : "waiting", Ink.Dim);

    /// <summary>The first of them with how it differs, and how many more there are.</summary>
    private static string Odd(FleetRow row) =>
        Printable.Clean($"{row.Outliers[0].Pod}: {row.Outliers[0].Text}")
        + (row.Outliers.Count > 1 ? $" (and {row.Outliers.Count - 1} more)" : "");

    /// <summary>One version by its name; of several also what each lost.</summary>
    private static string Images(FleetRow row) =>
        Printable.Clean(
            row.Images.Count == 1
                ? row.Images[0].Version
                : string.Join(
                    ", ",
                    row.Images.Select(i => $"{i.Version} ({i.Targets}) {HumanText.Percent(i.BlockedPercent)}")
                )
        );

    private static string Cell(string text, int width) => Padded(Short(text, width), width);

    private static string Padded(string fitted, int width) =>
        fitted + new string(' ', Math.Max(0, width - Printable.Width(fitted)));

    private static string Short(string text, int width) => Printable.FitEnd(Printable.Clean(text), width);

    /// <summary>Columns of the cells whose width is not fixed; 0 for those that have no room.</summary>
    private readonly record struct Layout(int Namespace, int Workload, int Image, int Odd)
    {
        private const int Fixed = 7 + 9 + 6 + 6 + 6 + 4 + 6 * 2;

        public static Layout Of(IReadOnlyList<FleetRow> rows, bool namespaces, int width)
        {
            int Longest(Func<FleetRow, string> of, int least) =>
                Math.Max(least, rows.Max(r => Printable.Width(Printable.Clean(of(r)))));
            int left = width - Fixed;
            int room = width >= WideWidth ? left / 3 : left;
            int ns = namespaces ? Math.Min(Longest(r => r.Namespace, 9), Math.Min(MaxNamespace, room / 2 - 1)) : 0;
            int workload = Math.Min(Longest(r => r.Workload, 8), room - (namespaces ? ns + 2 : 0));
            left -= workload + (namespaces ? ns + 2 : 0);
            if (width < WideWidth)
                return new Layout(ns, workload, 0, 0);
            int image = Math.Min(Longest(Images, 5), left / 3);
            return new Layout(ns, workload, image, left - image - 4);
        }
    }
}
