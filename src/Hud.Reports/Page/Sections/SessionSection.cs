using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>The session that made this report, to run it again.</summary>
internal static class SessionSection
{
    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        bool cluster =
            document.Session.Target is { PodName: not null } or { PodSelector: not null } or { WorkloadRef: not null };
        string command = cluster ? "kubectl apply -f session.yaml" : "sudo hud run -f session.yaml";
        html.Add(
            $"""
            <section id="session" aria-labelledby="session-title">
            <div class="bar"><h2 id="session-title">Run it again <small>save as session.yaml, then: {command}</small></h2><button type="button" id="copy-yaml">Copy</button><output id="copied"></output></div>
            <pre id="yaml" tabindex="0">{PageText.Lines(SessionYaml.Write(document))}</pre>
            </section>
            """
        );
    }
}
