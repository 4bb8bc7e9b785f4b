using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>The light, the sentence, and what was looked at.</summary>
internal static class VerdictSection
{
    private const int MaxOutliers = 3;

    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        html.Add(
            $"""
            <header class="verdict level-{document.VerdictLevel.ToString().ToLowerInvariant()}">
            <span class="light" role="img" aria-label="{Light(document.VerdictLevel)}"></span>
            <h1>{PageText.Name(Headline(document))}</h1>
            <p class="meta">{Who(document)} <span class="sep">/</span> {document.Summary.StartedAt.UtcDateTime.ToString(
                "yyyy-MM-dd HH:mm:ss"
            )} UTC <span class="sep">/</span> watched {HumanText.Duration(
                document.Summary.ObservedNs
            )} <span class="sep">/</span> threshold {document.Session.Threshold.ToString()}</p>
            """
        );
        foreach (var odd in Outliers.Of(document, MaxOutliers))
            html.Add(
                $"<p class=\"odd\"><a href=\"#targets\">Odd one out</a> <b>{PageText.Name(odd.Name)}</b>: {PageText.Name(odd.Text)}</p>\n"
            );
        if (ImageGroups.Text(ImageGroups.Of(document)) is { } versions)
            html.Add($"<p class=\"odd\"><a href=\"#targets\">By version</a> {PageText.Name(versions)}</p>\n");
        if (Notes(document) is { Count: > 0 } notes)
        {
            html.AddRaw("<p class=\"notes\">");
            foreach (string note in notes)
                html.Add($"<a href=\"#losses\">{note}</a>");
            html.AddRaw("</p>\n");
        }

        html.AddRaw("</header>\n");
    }

    /// <summary>A page without a verdict has an empty headline, unless it has to say of which time it is.</summary>
    private static string Headline(ProfileDocument document) =>
        document.LookBack is null ? document.Verdict : Words.Headline(document);

    private static string Light(VerdictLevel level) =>
        level switch
        {
            VerdictLevel.Blocked => "red light: the code blocks its workers",
            VerdictLevel.Saturated => "amber light: the workers are busy all the time",
            VerdictLevel.Pressure => "amber light: the workers wait for CPU",
            VerdictLevel.Healthy => "green light: nothing blocks",
            _ => "grey light: no data",
        };

    private static string Who(ProfileDocument document)
    {
        if (document.Targets.Count == 0)
            return "no target";
        var first = document.Targets[0];
        string name = first.Pod is { Length: > 0 } pod
            ? $"{pod} ({first.Process}, {first.Node})"
            : $"{first.Process} (pid {first.Pid})";
        return document.Targets.Count > 1 ? $"{name} and {document.Targets.Count - 1} more" : name;
    }

    /// <summary>What a reader must know before trusting the numbers.</summary>
    private static List<string> Notes(ProfileDocument document)
    {
        var notes = new List<string>();
        if (document.Summary.Estimated)
            notes.Add("counts are scaled from sampled polls");
        if (document.Losses.Events() > 0)
            notes.Add(Words.Plural(document.Losses.Events(), "event") + " dropped");
        if (document.Truncated)
            notes.Add("cut to fit: totals are whole, lists are not");
        if (document.Targets.Count(t => t.State == Core.Api.TargetState.Failed) is > 0 and var failed)
            notes.Add($"{failed} of {document.Targets.Count} targets failed");
        return notes;
    }
}
