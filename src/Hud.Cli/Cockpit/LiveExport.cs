using Hud.Cli.Run;
using Hud.Core.Profile;

namespace Hud.Cli.Cockpit;

/// <summary>A profile document of what the stream has said so far, for the key that exports now.</summary>
internal static class LiveExport
{
    /// <summary>
    /// Writes to the files asked for, else to hud-NAME-TIME.json in the current folder. Returns what to say, also of a folder
    /// that cannot be written to: the run goes on.
    /// </summary>
    public static string Write(LiveModel model, IReadOnlyList<ExportFile> asked, string name)
    {
        if (model.Now is null)
            return "nothing to export yet";
        var files = asked.Count > 0 ? asked : [ExportFormats.For($"hud-{FileName(name)}-{DateTime.Now:HHmmss}.json")!];
        try
        {
            var document = Document(model);
            foreach (var file in files)
                File.WriteAllBytes(file.Path, file.Render(document));
            return "exported what is known so far to " + string.Join(", ", files.Select(f => f.Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "cannot export: " + e.Message;
        }
    }

    public static ProfileDocument Document(LiveModel model)
    {
        var now = model.Now!;
        return new ProfileDocument
        {
            Session = model.Hello?.Session ?? new(),
            Agent = model.Hello?.Agent ?? new(),
            Verdict = now.Verdict,
            VerdictLevel = now.VerdictLevel,
            Summary = now.Summary,
            Targets = [.. model.Targets],
            // progress carries stacks as text only
            Hotspots = [.. now.Hotspots.Select(h => h with { StackIndex = -1, HolderStackIndex = -1 })],
            Tasks = now.Tasks,
            Workers =
            [
                .. now.Workers.Select(w => new WorkerProfile
                {
                    Target = w.Target,
                    Tid = w.Tid,
                    Name = w.Name,
                    Runtime = w.Runtime,
                }),
            ],
            SlowPolls = [.. model.SlowPolls.Select(p => p with { Stack = -1 })],
            Losses = new Losses { SlowPollsCut = model.SlowPollsForgotten },
            Overhead = now.Overhead,
            Warnings =
            [
                new ProfileWarning(
                    "HUD307",
                    "exported during the run: stacks are text only, and workers lack their totals",
                    "end the run with q for the whole report"
                ),
                .. model.Warnings.Select(w => new ProfileWarning(w.Id, w.Text, w.NextStep)),
            ],
            Truncated = true,
        };
    }

    public static string FileName(string text) =>
        new([.. text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')]);
}
