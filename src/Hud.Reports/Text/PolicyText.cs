namespace Hud.Reports.Text;

/// <summary>Policies as a table; the verdict of the last session takes what is left of the line.</summary>
public static class PolicyText
{
    private const int MinWidth = 80;
    private const int MaxSchedule = 30;

    /// <param name="width">Columns; lines are never longer. Below 80 is taken as 80.</param>
    public static string Table(
        IReadOnlyList<PolicyRow> rows,
        bool namespaces,
        DateTimeOffset now,
        int width,
        bool color
    )
    {
        ArgumentNullException.ThrowIfNull(rows);
        var sheet = new TextSheet(Math.Max(MinWidth, width), color);
        if (rows.Count == 0)
        {
            sheet.Line("no policies here; docs/kubernetes.md shows how to make one");
            return sheet.ToString();
        }

        int Longest(Func<PolicyRow, string> of, int least, int most) =>
            Math.Clamp(rows.Max(r => Printable.Width(Printable.Clean(of(r)))), least, most);
        int names = Longest(r => Name(r, namespaces), 4, sheet.Width / 4);
        int schedules = Longest(Schedule, 8, Math.Min(MaxSchedule, sheet.Width / 5));
        sheet.Line(
            $"{"NAME".PadRight(names)}  {"SCHEDULE".PadRight(schedules)}  {"LAST", 4}  {"NEXT", 7}  LAST VERDICT",
            Ink.Dim
        );
        foreach (var row in rows.OrderBy(r => Name(r, namespaces), StringComparer.Ordinal))
        {
            sheet.Add(Cell(Name(row, namespaces), names) + "  ", Ink.Strong);
            sheet.Add(Padded(Printable.Fit(Printable.Clean(Schedule(row)), schedules), schedules) + "  ");
            sheet.Add($"{(row.LastRun is { } last ? SessionText.Age(now - last) : "-"), 4}  {Next(row, now), 7}  ");
            if (row.Regression.Length > 0)
                sheet.Add("REGRESSION ", Ink.Bad);
            sheet.Add(Printable.Clean(Found(row))).End();
        }

        return sheet.ToString();
    }

    private static string Found(PolicyRow row) =>
        row.Regression.Length > 0 ? row.Regression
        : row.LastVerdict.Length > 0 ? row.LastVerdict
        : "-";

    /// <summary>When sessions are made; where nothing makes any, how much is watched all the time.</summary>
    private static string Schedule(PolicyRow row) =>
        row.Schedule.Length > 0 ? row.Schedule
        : row.Triggers.Length > 0 ? "on " + row.Triggers
        : row.Watched is { } watched ? $"watches {watched}"
        : "";

    private static string Next(PolicyRow row, DateTimeOffset now) =>
        row.Suspended ? "paused"
        : row.Active > 0 ? "running"
        : row.NextRun is { } next ? "in " + SessionText.Age(next - now)
        : "-";

    private static string Name(PolicyRow row, bool namespaces) => namespaces ? $"{row.Namespace}/{row.Name}" : row.Name;

    private static string Cell(string text, int width) => Padded(Printable.FitEnd(Printable.Clean(text), width), width);

    private static string Padded(string fitted, int width) =>
        fitted + new string(' ', Math.Max(0, width - Printable.Width(fitted)));
}
