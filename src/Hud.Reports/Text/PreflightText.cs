using Hud.Core.Diagnostics;

namespace Hud.Reports.Text;

/// <summary>The preflight's checks, one a line, with the next step below what failed.</summary>
public static class PreflightText
{
    public static string Render(PreflightReport report, int width, bool color)
    {
        var sheet = new TextSheet(width, color);
        int names = Math.Min(
            26,
            report.Checks.Select(c => Printable.Width(Printable.Clean(c.Name))).DefaultIfEmpty(0).Max()
        );
        foreach (var check in report.Checks)
        {
            var details = Printable.Wrap(Printable.Clean(check.Detail), width - names - 8);
            sheet
                .Add(check.Ok ? "  ok  " : "  NO  ", check.Ok ? Ink.Good : Ink.Bad)
                .Add(Printable.Fit(Printable.Clean(check.Name), names), Ink.Strong);
            foreach (string line in details)
                sheet.Pad(names + 8).Add(line).End();
            if (check.NextStep.Length > 0)
                sheet.Paragraph(
                    Printable.Clean(check.NextStep),
                    names + 8,
                    Ink.Plain,
                    "> ",
                    check.Ok ? Ink.Dim : Ink.Warn
                );
        }

        int bad = report.Checks.Count(c => !c.Ok);
        sheet.Line();
        sheet.Line(
            bad == 0
                ? "Everything works here."
                : $"{Words.Plural(bad, "check")} failed; the lines marked with > say what to do.",
            bad == 0 ? Ink.Good : Ink.Warn
        );
        return sheet.ToString();
    }
}
