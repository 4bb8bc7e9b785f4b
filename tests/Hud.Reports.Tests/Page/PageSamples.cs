using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Page;

/// <summary>The pages that the browser opens.</summary>
internal static class PageSamples
{
    public static IReadOnlyDictionary<string, ProfileDocument> All { get; } =
        new Dictionary<string, ProfileDocument>(StringComparer.Ordinal)
        {
            ["checkout"] = RealisticDocuments.CheckoutBusy(),
            ["large"] = RealisticDocuments.Large(),
            ["hostile"] = RealisticDocuments.Hostile(),
            ["damaged"] = RealisticDocuments.Damaged(),
            ["healthy"] = RealisticDocuments.Healthy(),
            ["nodata"] = RealisticDocuments.NoData(),
            ["merged"] = ProfileMerge.Merge([
                RealisticDocuments.Checkout(),
                RealisticDocuments.Checkout(2, 500, "checkout-1"),
                RealisticDocuments.NoData(),
            ]),
        };

    public static void Write(string directory)
    {
        foreach (var (name, document) in All)
            File.WriteAllBytes(
                Path.Combine(directory, name + ".html"),
                ReportFormats.Render(OutputFormat.Page, document)
            );
    }
}
