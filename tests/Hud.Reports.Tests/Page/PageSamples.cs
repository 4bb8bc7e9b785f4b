using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Page.Compare;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Tests.Text;

namespace Hud.Reports.Tests.Page;

/// <summary>The pages that the browser opens.</summary>
internal static class PageSamples
{
    public static IReadOnlyDictionary<string, ProfileDocument> All { get; } =
        new Dictionary<string, ProfileDocument>(StringComparer.Ordinal)
        {
            ["checkout"] = RealisticDocuments.CheckoutBusy().WithWaits(),
            ["large"] = RealisticDocuments.Large().WithWaits(),
            ["hostile"] = RealisticDocuments.Hostile().WithWaits("</p><script>alert(6)</script>"),
            ["damaged"] = RealisticDocuments.Damaged(),
            ["healthy"] = RealisticDocuments.Healthy(),
            ["nodata"] = RealisticDocuments.NoData(),
            ["losses"] = TextDocuments.Get("losses"),
            ["merged"] = ProfileMerge.Merge([
                RealisticDocuments.Checkout().WithWaits(),
                RealisticDocuments
                    .Checkout(2, 500, "checkout-1")
                    .WithWaits("those of 1 of 5 task types were for some of the time, to keep to the budget"),
                RealisticDocuments.NoData(),
            ]),
        };

    /// <summary>The pages that compare two of them.</summary>
    public static IReadOnlyDictionary<string, (ProfileDocument Before, ProfileDocument After)> Pairs { get; } =
        new Dictionary<string, (ProfileDocument, ProfileDocument)>(StringComparer.Ordinal)
        {
            ["compare"] = (
                RealisticDocuments.CheckoutBusy().WithWaits(),
                RealisticDocuments.CheckoutFixed().WithWaits()
            ),
            ["compare-hostile"] = (RealisticDocuments.Hostile(), RealisticDocuments.Damaged()),
            ["compare-nodata"] = (RealisticDocuments.Checkout(), RealisticDocuments.NoData()),
        };

    public static byte[] Compare(ProfileDocument before, ProfileDocument after) =>
        ComparePage.Render(before, after, ProfileCompare.Compare(before, after));

    public static void Write(string directory)
    {
        foreach (var (name, pair) in Pairs)
            File.WriteAllBytes(Path.Combine(directory, name + ".html"), Compare(pair.Before, pair.After));
        foreach (var (name, document) in All)
            File.WriteAllBytes(
                Path.Combine(directory, name + ".html"),
                ReportFormats.Render(OutputFormat.Page, document)
            );
    }
}
