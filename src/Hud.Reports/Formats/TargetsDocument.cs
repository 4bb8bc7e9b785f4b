using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>What <see cref="TargetsFormat"/> writes. Durations are integer nanoseconds (suffix Ns).</summary>
public sealed record TargetsDocument
{
    public string SchemaVersion { get; init; } = "hud.dev/targets/v1alpha1";
    public string Verdict { get; init; } = "";

    /// <summary>By image, the one that lost most first; empty outside of a cluster.</summary>
    public IReadOnlyList<ImageGroup> Versions { get; init; } = [];
    public IReadOnlyList<TargetRow> Targets { get; init; } = [];

    /// <summary>Rows that were left out to keep the file within its bound: those that lost least.</summary>
    public int TargetsCut { get; init; }

    public static TargetsDocument Of(ProfileDocument document)
    {
        var odd = Outliers.Of(document, int.MaxValue).ToDictionary(o => o.Target, o => o.Text);
        return new TargetsDocument
        {
            Verdict = document.Verdict,
            Versions = ImageGroups.Of(document),
            Targets =
            [
                .. document
                    .Targets.Select((t, i) => TargetRow.Of(t, odd.GetValueOrDefault(i)))
                    .OrderByDescending(t => t.State == TargetState.Failed)
                    .ThenByDescending(t => t.BlockedPercent)
                    .ThenBy(t => t.Pod ?? t.Process, StringComparer.Ordinal),
            ],
        };
    }
}
